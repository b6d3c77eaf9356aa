package store_test

import (
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// A gate stands before a database server. Shut, it is to its clients what a server is that restarts: their
// connections break, and new ones are refused.
type gate struct {
	t       testing.TB
	server  string
	address string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
	wait     sync.WaitGroup
}

func newGate(t testing.TB, server string) *gate {
	t.Helper()
	g := &gate{t: t, server: server, address: "127.0.0.1:0"}
	g.open()
	t.Cleanup(g.shut)
	return g
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	listener, err := net.Listen("tcp", g.address)
	require.NoError(g.t, err)
	g.address, g.listener = listener.Addr().String(), listener
	g.wait.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			g.pass(client)
		}
	})
}

func (g *gate) pass(client net.Conn) {
	server, err := net.Dial("tcp", g.server)
	if err != nil {
		client.Close()
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, client, server)
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		g.wait.Go(func() {
			_, _ = io.Copy(to, from)
			to.Close()
		})
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	g.listener.Close()
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
	g.mu.Unlock()
	g.wait.Wait()
}

// The server restarts under a running instance: what is in memory is still answered, writes fail with a
// kind that says so, the log waits, and afterwards everything goes on without a lost record.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	u, err := url.Parse(d.DSN)
	require.NoError(t, err)
	g := newGate(t, u.Host)
	u.Host = g.address
	db, err := sql.Open("pgx", u.String())
	require.NoError(t, err)
	defer db.Close()
	s := openStore(t, db, store.PostgreSQL, store.WithPollInterval(50*time.Millisecond))
	require.NoError(t, s.SyncKinds(t.Context()))
	logs, err := store.NewLogHandler(s, store.LogOptions{
		FlushInterval: 10 * time.Millisecond, RetryFor: time.Minute, Fallback: slog.DiscardHandler,
	})
	require.NoError(t, err)
	logger := slog.New(logs)
	logger.Info("before", "code", "gone")
	require.NoError(t, logs.Flush(t.Context()))

	g.shut()
	record, err := s.GetNamed(t.Context(), "", "gone")
	require.NoError(t, err, "memory answers")
	assert.True(t, s.Retryable(fault.DatabaseOperation))
	_, err = s.Update(t.Context(), record.ID, 0, store.Entry{Title: new("Away")})
	require.Error(t, err)
	mapped := mapSQL(err)
	require.NotNil(t, mapped)
	assert.ErrorIs(t, mapped, fault.DatabaseOperation)
	for range 500 {
		logger.Error("during", "code", "gone")
	}
	assert.Zero(t, logs.Stats().Dropped)

	g.open()
	require.NoError(t, logs.Flush(t.Context()))
	other := d.other(t)
	written, err := other.Update(t.Context(), record.ID, 0, store.Entry{Title: new("Back")})
	require.NoError(t, err)
	assert.Eventually(t, func() bool {
		r, err := s.GetNamed(t.Context(), "", "gone")
		return err == nil && r.Title == written.Title
	}, soon, 20*time.Millisecond, "the poll goes on")
	_, err = s.Update(t.Context(), record.ID, 0, store.Entry{Title: new("Here")})
	require.NoError(t, err)
	require.NoError(t, logs.Close(t.Context()))
	var rows int
	require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM polyfault_log").Scan(&rows))
	assert.Equal(t, 501, rows, "nothing is lost, nothing is written twice")
	assert.Zero(t, logs.Stats().Fallback)
}

// mapSQL is what a responder with the SQL mappers makes of the error.
func mapSQL(err error) *fault.Fault {
	if f, ok := fault.From(err); ok {
		return f
	}
	for _, m := range fault.SQLMappers() {
		if f := m(err); f != nil {
			return f
		}
	}
	return nil
}
