package faultgin_test

import (
	"io"
	"log"
	"testing"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
	goleak.VerifyTestMain(m)
}

// silent is for servers whose handlers panic on purpose.
var silent = log.New(io.Discard, "", 0)
