package faultgin

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
)

// gone is the writer under an exchange whose request is over. It drops what late code writes, and answers questions as
// for a response that was sent.
type gone struct{}

var _ gin.ResponseWriter = gone{}

func (gone) Header() http.Header                          { return http.Header{} }
func (gone) Write(p []byte) (int, error)                  { return len(p), nil }
func (gone) WriteString(s string) (int, error)            { return len(s), nil }
func (gone) WriteHeader(int)                              {}
func (gone) WriteHeaderNow()                              {}
func (gone) Status() int                                  { return http.StatusOK }
func (gone) Size() int                                    { return 0 }
func (gone) Written() bool                                { return true }
func (gone) Flush()                                       {}
func (gone) CloseNotify() <-chan bool                     { return nil }
func (gone) Pusher() http.Pusher                          { return nil }
func (gone) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrHijacked }
