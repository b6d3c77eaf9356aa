package store

// Q writes the placeholders of a statement as the dialect has them.
func (s *Store) Q(query string) string { return s.q(query) }
