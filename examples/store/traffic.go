package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// visits are the requests of the demo's clients; most of them fail.
var visits = []struct{ method, path, body string }{
	{http.MethodGet, "/bookings", ""},
	{http.MethodGet, "/bookings/4711", ""},
	{http.MethodGet, "/nowhere", ""},
	{http.MethodPut, "/bookings", ""},
	{http.MethodPost, "/bookings", `{"task":T-100}`},
	{http.MethodPost, "/bookings", `{"task":"T-100"}`},
	{http.MethodPost, "/bookings", `{"task":"T-200","resource":"R12","date":"2026-11-20","hours":1}`},
	{http.MethodPost, "/bookings", `{"task":"T-300","resource":"R12","date":"2026-11-20","hours":1}`},
	{http.MethodPost, "/bookings", `{"task":"T-100","resource":"R12","date":"2026-11-20","hours":20}`},
	{http.MethodGet, "/report", ""},
}

// traffic sends requests until ctx ends, some kinds of failure more often than others.
func traffic(ctx context.Context, address string, pause time.Duration) {
	if pause <= 0 {
		return
	}
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			visit(ctx, client, address, min(rand.IntN(len(visits)), rand.IntN(len(visits))))
		}
	}
}

func visit(ctx context.Context, client *http.Client, address string, i int) {
	v := visits[i]
	req, err := http.NewRequestWithContext(ctx, v.method, address+v.path, strings.NewReader(v.body))
	if err != nil {
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		return // the demo ends
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}
