package fault

// inputAttrs says where in the input polyfault found the mistake: behind how many bytes, 0 when that is not known, and
// at which member, unless that is the body as a whole.
func inputAttrs(position int64, at Location) []Attr {
	var attrs []Attr
	if position > 0 {
		attrs = append(attrs, Detail("position", position))
	}
	if at != (Location{}) {
		attrs = append(attrs, Detail("field", at.Name()))
	}
	return attrs
}
