package databases

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	redigo "github.com/gomodule/redigo/redis"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	mongo "go.mongodb.org/mongo-driver/mongo"
	mongooptions "go.mongodb.org/mongo-driver/mongo/options"
	mongo2 "go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions2 "go.mongodb.org/mongo-driver/v2/mongo/options"

	fault "github.com/polyfault/polyfault/core"
)

func redisClient(t *testing.T, o redis.Options) *redis.Client {
	t.Helper()
	c := redis.NewClient(&o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedis(t *testing.T) {
	ctx := t.Context()
	c := redisClient(t, redis.Options{Addr: redisAddr})
	key := unique()
	is(t, c.Get(ctx, key).Err(), fault.EntityNotFound)
	require.NoError(t, c.Set(ctx, key, "canary", time.Minute).Err())
	t.Cleanup(func() { c.Del(context.Background(), key, key+"2") })
	is(t, c.HGet(ctx, key, "canary").Err(), fault.Database)
	require.NoError(t, c.XGroupCreateMkStream(ctx, key+"2", "canary", "0").Err())
	is(t, c.XGroupCreate(ctx, key+"2", "canary", "0").Err(), fault.DuplicateItem)
	is(t, c.Watch(ctx, func(tx *redis.Tx) error {
		require.NoError(t, c.Set(ctx, key, "other", time.Minute).Err())
		_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { p.Set(ctx, key, "x", 0); return nil })
		return err
	}, key), fault.TransactionConflict)

	small := redisClient(t, redis.Options{Addr: redisAddr, PoolSize: 1, PoolTimeout: 20 * time.Millisecond, MaxRetries: -1})
	held := small.Conn()
	require.NoError(t, held.Ping(ctx).Err())
	is(t, small.Ping(ctx).Err(), fault.DatabaseOperation) // pool exhausted
	require.NoError(t, held.Close())
	blocked := served(t, func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
		defer cancel()
		*req = *req.WithContext(ctx)
		return redisClient(t, redis.Options{Addr: redisAddr, ContextTimeoutEnabled: true}).BLPop(ctx, time.Minute, key+"3").Err()
	})
	assert.Equal(t, 503, blocked.status, "%s", blocked.log)

	is(t, redisClient(t, redis.Options{Addr: refused(t), MaxRetries: -1}).Ping(ctx).Err(), fault.DatabaseOperation)
	closed := redisClient(t, redis.Options{Addr: redisAddr})
	require.NoError(t, closed.Close())
	is(t, closed.Ping(ctx).Err(), fault.DatabaseOperation)
	l := linked(t, redisAddr)
	cut := redisClient(t, redis.Options{Addr: l.addr, MaxRetries: -1})
	require.NoError(t, cut.Ping(ctx).Err())
	failed := make(chan error, 1)
	go func() { failed <- cut.BLPop(ctx, time.Minute, key+"4").Err() }()
	time.Sleep(100 * time.Millisecond)
	l.cut(true)
	isLost(t, <-failed)
	is(t, cut.Ping(ctx).Err(), fault.DatabaseOperation)
}

// ownRedis is a server that nobody else uses; the test may shut it down.
func ownRedis(t *testing.T, arguments ...string) *redis.Client {
	t.Helper()
	socket := t.TempDir() + "/s"
	arguments = append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir()}, arguments...)
	server := exec.Command("redis-server", arguments...)
	require.NoError(t, server.Start(), "redis-server is in Debian's package redis-server")
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	c := redisClient(t, redis.Options{Network: "unix", Addr: socket, MaxRetries: -1})
	require.Eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil }, hang, 20*time.Millisecond)
	return c
}

func TestRedisInTrouble(t *testing.T) {
	ctx := t.Context()
	client := ownRedis(t, "--maxclients", "1", "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	c := client.Conn() // the one that is served
	require.NoError(t, c.Ping(ctx).Err())
	var full error
	require.Eventually(t, func() bool { // the server may be faster with closing than with saying why
		full = client.Ping(ctx).Err()
		return full != nil && strings.HasPrefix(full.Error(), "ERR")
	}, hang, 20*time.Millisecond)
	is(t, full, fault.DatabaseOperation)
	is(t, c.Set(ctx, "canary", "canary", 0).Err(), fault.DatabaseOperation) // out of memory
	require.NoError(t, c.ConfigSet(ctx, "maxmemory", "0").Err())
	require.NoError(t, c.Process(ctx, redis.NewStatusCmd(ctx, "REPLICAOF", "127.0.0.1", "1")))
	is(t, c.Set(ctx, "canary", "canary", 0).Err(), fault.DatabaseOperation) // read only, as another is the primary
	c.ShutdownNoSave(ctx)
	require.Eventually(t, func() bool { return client.Ping(ctx).Err() != nil }, hang, 20*time.Millisecond)
	is(t, client.Ping(ctx).Err(), fault.DatabaseOperation)
}

func TestRedigo(t *testing.T) {
	p := &redigo.Pool{MaxActive: 1, Dial: func() (redigo.Conn, error) { return redigo.Dial("tcp", redisAddr) }}
	c := p.Get()
	key := unique()
	_, err := redigo.String(c.Do("GET", key))
	is(t, err, fault.EntityNotFound)
	_, err = c.Do("SET", key, "canary", "EX", "60")
	require.NoError(t, err)
	_, err = c.Do("HGET", key, "canary")
	is(t, err, fault.Database)
	_, err = p.Get().Do("PING")
	is(t, err, fault.DatabaseOperation) // exhausted
	_, err = c.Do("DEL", key)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = c.Do("PING")
	is(t, err, fault.DatabaseOperation)
	require.NoError(t, p.Close())
	_, err = p.Get().Do("PING")
	is(t, err, fault.DatabaseOperation)
}

// The machine has no MongoDB: the errors are the drivers' own, made as these make them.
func TestMongo(t *testing.T) {
	is(t, mongo.NewSingleResultFromDocument(map[string]any{}, mongo.ErrNoDocuments, nil).Err(), fault.EntityNotFound)
	is(t, mongo2.NewSingleResultFromDocument(map[string]any{}, mongo2.ErrNoDocuments, nil).Err(), fault.EntityNotFound)
	for code, kind := range map[int32]*fault.Kind{11000: fault.DuplicateItem, 121: fault.BadFieldValue, 112: fault.TransactionConflict,
		50: fault.GatewayTimeout, 91: fault.DatabaseOperation, 2: fault.Database} {
		is(t, mongo.CommandError{Code: code, Message: "canary"}, kind)
		is(t, mongo2.CommandError{Code: code, Message: "canary"}, kind)
		is(t, mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: int(code), Message: "canary"}}}, kind)
		is(t, mongo2.BulkWriteException{WriteErrors: []mongo2.BulkWriteError{{WriteError: mongo2.WriteError{Code: int(code)}}}}, kind)
	}
	is(t, mongo2.CommandError{Code: 2, Labels: []string{"TransientTransactionError"}}, fault.TransactionConflict)
	is(t, mongo.CommandError{Code: 2, Labels: []string{"RetryableWriteError"}}, fault.DatabaseOperation)

	address := fmt.Sprintf("mongodb://%s/?serverSelectionTimeoutMS=100", refused(t))
	one, err := mongo.Connect(t.Context(), mongooptions.Client().ApplyURI(address))
	require.NoError(t, err)
	is(t, one.Ping(t.Context(), nil), fault.DatabaseOperation)
	two, err := mongo2.Connect(mongooptions2.Client().ApplyURI(address))
	require.NoError(t, err)
	is(t, two.Ping(t.Context(), nil), fault.DatabaseOperation)
	require.NoError(t, errors.Join(one.Disconnect(t.Context()), two.Disconnect(t.Context())))
	is(t, one.Ping(t.Context(), nil), fault.DatabaseOperation)
	is(t, two.Ping(t.Context(), nil), fault.DatabaseOperation)
}
