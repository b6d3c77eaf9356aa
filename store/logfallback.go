package store

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
)

// maxNested bounds a fallback that logs through this handler again.
const maxNested = 1000

// fallBack gives the record to the fallback. The record is dropped if the fallback is not enabled for it, fails or panics.
// The entry is not freed.
func (c *logCore) fallBack(ctx context.Context, e *entry) {
	defer c.nested.Add(-1)
	if c.nested.Add(1) > maxNested || !c.handOver(ctx, e) {
		c.dropped.Add(1)
		return
	}
	c.fell.Add(1)
}

func (c *logCore) handOver(ctx context.Context, e *entry) (done bool) {
	defer func() {
		if recover() != nil {
			done = false
		}
	}()
	ctx = context.WithValue(context.WithoutCancel(ctx), echoKey{}, inFallback)
	r := c.recordOf(e)
	return c.options.Fallback.Enabled(ctx, r.Level) && c.options.Fallback.Handle(ctx, r) == nil
}

// recordOf returns the entry as a record again.
func (c *logCore) recordOf(e *entry) slog.Record {
	r := slog.NewRecord(fromMicros(e.created), slog.Level(e.level), storable(string(e.text[:e.message]), 0), 0)
	for i := range taken {
		if value := storable(e.columnText(i), 0); value != "" {
			r.AddAttrs(slog.String(i.name(), value))
		}
	}
	if e.columns[columnScope] == (span{}) && c.options.Scope != "" {
		r.AddAttrs(slog.String(columnScope.name(), c.options.Scope))
	}
	decoder := json.NewDecoder(bytes.NewReader(e.json))
	decoder.UseNumber()
	if _, err := decoder.Token(); err == nil {
		r.AddAttrs(members(decoder)...)
	}
	return r
}

// members are those of the object that the decoder is in.
func members(decoder *json.Decoder) (attrs []slog.Attr) {
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return attrs
		}
		key, _ := token.(string)
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return attrs
		}
		attrs = append(attrs, slog.Attr{Key: key, Value: decoded(raw)})
	}
	return attrs
}

func decoded(raw json.RawMessage) slog.Value {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if raw[0] == '{' {
		_, _ = decoder.Token()
		return slog.GroupValue(members(decoder)...)
	}
	var value any
	_ = decoder.Decode(&value)
	return slog.AnyValue(value)
}
