package faultgin_test

import (
	"io"
	"log"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
	m.Run()
}

// silent is for servers whose handlers panic on purpose.
var silent = log.New(io.Discard, "", 0)

// recoversAborts: before v1.12, gin.Recovery takes http.ErrAbortHandler for any other panic.
var recoversAborts = strings.HasPrefix(gin.Version, "v1.10.") || strings.HasPrefix(gin.Version, "v1.11.")
