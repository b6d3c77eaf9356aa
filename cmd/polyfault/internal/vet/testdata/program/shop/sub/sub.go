// Package sub knows the kinds of shop, and finds the locale files in the folder above.
package sub

import (
	"example.com/program/shop"
	fault "github.com/polyfault/polyfault/core"
)

func fails(n int) error {
	switch n {
	case 1:
		return shop.Alias // want `text "order_not_found" needs fault.Arg\("Customer", …\) and fault.Arg\("ID", …\)$`
	case 2:
		return shop.HoursLeft.New(fault.Count(1)) // want `text "hours_left" needs fault.Arg\("Name", …\)$`
	case 3:
		return shop.Changed.New(fault.Arg("X", 1))
	}
	return shop.OrderPaid
}
