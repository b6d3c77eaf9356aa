package fault_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// The tree as the design has it, written down a second time: code, parent, status, number, type,
// exit code, category, retryable.
func TestBuiltInKinds(t *testing.T) {
	f, err := os.Open("testdata/kinds.txt")
	require.NoError(t, err)
	defer f.Close()
	want := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.Join(strings.Fields(lines.Text()), " "); line != "" && line[0] != '#' {
			code, _, _ := strings.Cut(line, " ")
			want[code] = line
		}
	}
	seen := map[string]bool{}
	for k := range fault.Kinds() {
		line, known := want[k.Code()]
		if !known {
			continue // derived by other tests
		}
		seen[k.Code()] = true
		parent := "-"
		if k.Parent() != nil {
			parent = k.Parent().Code()
			assert.True(t, seen[parent], "%s comes before its parent", k.Code())
		}
		got := fmt.Sprintf("%s %s %d %d %s %d %s %t", k.Code(), parent, k.Status(), k.Number(), k.Type(), k.ExitCode(),
			k.Category(), k.Retryable())
		assert.Equal(t, line, got)
		assert.Equal(t, k.Code(), k.TextID())
		assert.Equal(t, k.Code(), k.Error())
	}
	assert.Len(t, seen, len(want), "kinds of the tree")
}

func TestEveryRegisteredStatusHasItsKind(t *testing.T) {
	for status := 400; status <= 599; status++ {
		registered := http.StatusText(status) != "" && status != http.StatusTeapot && status != http.StatusNotExtended || status == 499
		found := slices.ContainsFunc(slices.Collect(fault.Kinds()), func(k *fault.Kind) bool {
			return k.Status() == status && (k.Parent() == fault.ClientError || k.Parent() == fault.ServerError)
		})
		assert.Equal(t, registered, found, "status %d", status)
	}
}

func TestIsFollowsTheTree(t *testing.T) {
	custom := derived(fault.TaskLocked, fault.Spec{Code: "test_is_custom"})
	for _, c := range []struct {
		name   string
		err    error
		target *fault.Kind
		want   bool
	}{
		{"itself", fault.TaskLocked, fault.TaskLocked, true},
		{"parent", fault.TaskLocked, fault.Locked, true},
		{"family", fault.TaskLocked, fault.ClientError, true},
		{"root", fault.TaskLocked, fault.Any, true},
		{"sibling", fault.TaskLocked, fault.ProjectLocked, false},
		{"child", fault.Locked, fault.TaskLocked, false},
		{"derived", custom, fault.Locked, true},
		{"fault", fault.TaskLocked.New(), fault.Locked, true},
		{"wrapped by %w", fmt.Errorf("a: %w", fmt.Errorf("b: %w", fault.TaskLocked.New())), fault.Locked, true},
		{"joined", errors.Join(errors.New("x"), fault.TaskLocked), fault.Locked, true},
		{"cause", fault.Conflict.Wrap(fault.TaskLocked.New()), fault.Locked, true},
		{"the wrapper too", fault.Conflict.Wrap(fault.TaskLocked.New()), fault.Conflict, true},
		{"other family", fault.TaskLocked, fault.ServerError, false},
		{"foreign", errors.New("x"), fault.Any, false},
	} {
		assert.Equal(t, c.want, errors.Is(c.err, c.target), c.name)
	}
	assert.False(t, fault.Any.Is(errors.New("x")))
	assert.False(t, fault.Any.Is((*fault.Kind)(nil)))
}

func TestDeriveInherits(t *testing.T) {
	parent := derived(fault.DatabaseOperation, fault.Spec{Code: "test_parent", Text: "other_text", Number: 300,
		Type: "x-test-parent", ExitCode: 201, Category: fault.CategoryAlgorithm})
	child := derived(parent, fault.Spec{Code: "test_child_kind", Retry: fault.RetryNever})
	assert.Equal(t, "other_text", parent.TextID())
	assert.Equal(t, "x-test-parent", parent.Type())
	assert.True(t, parent.Retryable(), "inherited from DatabaseOperation")
	assert.Equal(t, "test_child_kind", child.TextID(), "the text is never inherited as an id")
	assert.Equal(t, "test-child-kind", child.Type())
	assert.Equal(t, 0, child.Number(), "numbers are identity")
	assert.Equal(t, 500, child.Status())
	assert.Equal(t, 201, child.ExitCode())
	assert.Equal(t, fault.CategoryAlgorithm, child.Category())
	assert.False(t, child.Retryable())
	assert.Same(t, parent, child.Parent())

	found, ok := fault.KindByCode("test_child_kind")
	assert.True(t, ok)
	assert.Same(t, child, found)
	found, ok = fault.KindByExitCode(201)
	assert.True(t, ok)
	assert.Same(t, parent, found, "the kind that brought the exit code in, not its descendants")
	_, ok = fault.KindByCode("no_such_code")
	assert.False(t, ok)
	_, ok = fault.KindByExitCode(250)
	assert.False(t, ok)
}

func TestDeriveRefuses(t *testing.T) {
	derived(fault.NotFound, fault.Spec{Code: "test_taken", ExitCode: 202})
	for _, c := range []struct {
		name  string
		spec  fault.Spec
		words []string // in the message: the places, and what to change
	}{
		{"empty code", fault.Spec{}, []string{`""`, `"conflict"`, "empty", "Spec.Code"}},
		{"duplicate code", fault.Spec{Code: "test_taken"}, []string{`"test_taken" (below "conflict")`,
			`"test_taken" (below "not_found")`, "choose another Spec.Code"}},
		{"duplicate of a built-in", fault.Spec{Code: "task_locked"}, []string{`"task_locked" (below "locked")`}},
		{"camel case", fault.Spec{Code: "orderPaid"}, []string{"snake_case"}},
		{"leading digit", fault.Spec{Code: "1st"}, []string{"snake_case"}},
		{"double underscore", fault.Spec{Code: "a__b"}, []string{"snake_case"}},
		{"trailing underscore", fault.Spec{Code: "a_"}, []string{"snake_case"}},
		{"status 200", fault.Spec{Code: "test_refused", Status: 200}, []string{"status 200", "400..599", "inherit"}},
		{"status 600", fault.Spec{Code: "test_refused", Status: 600}, []string{"status 600"}},
		{"negative status", fault.Spec{Code: "test_refused", Status: -1}, []string{"status -1"}},
		{"duplicate exit code", fault.Spec{Code: "test_refused", ExitCode: 202},
			[]string{`"test_refused" (below "conflict")`, "exit code 202", `"test_taken" (below "not_found")`, "Spec.ExitCode"}},
		{"exit code of a built-in", fault.Spec{Code: "test_refused", ExitCode: 2}, []string{`"database"`}},
		{"exit code 256", fault.Spec{Code: "test_refused", ExitCode: 256}, []string{"exit code 256", "1..255"}},
		{"negative exit code", fault.Spec{Code: "test_refused", ExitCode: -3}, []string{"exit code -3"}},
		{"category", fault.Spec{Code: "test_refused", Category: "HARDWARE"}, []string{"HARDWARE", "CategorySystem"}},
		{"retry policy", fault.Spec{Code: "test_refused", Retry: 9}, []string{"retry policy 9", "RetryLater"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(slices.Collect(fault.Kinds()))
			message := panicMessage(t, func() { fault.Conflict.Derive(c.spec) })
			for _, w := range c.words {
				assert.Contains(t, message, w)
			}
			assert.Len(t, slices.Collect(fault.Kinds()), before, "nothing is half-registered")
			_, ok := fault.KindByCode("test_refused")
			assert.False(t, ok)
		})
	}
	assert.Contains(t, panicMessage(t, func() { (*fault.Kind)(nil).Derive(fault.Spec{Code: "test_orphan"}) }), "nil *Kind")
}

func panicMessage(t *testing.T, f func()) (message string) {
	t.Helper()
	defer func() {
		v := recover()
		require.NotNil(t, v, "no panic")
		message = fmt.Sprint(v)
	}()
	f()
	return ""
}

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"typed nil", (*fault.Fault)(nil), 0},
		{"unknown", errors.New("x"), 1},
		{"root", fault.Any, 1},
		{"database", fault.Database.New(), 2},
		{"operation", fmt.Errorf("w: %w", fault.DatabaseOperation.Wrap(errors.New("lost"))), 3},
		{"i/o", errors.Join(errors.New("x"), fault.IOFailure), 4},
		{"kind without one inherits the root's", fault.NotFound, 1},
	} {
		assert.Equal(t, c.want, fault.ExitCode(c.err), c.name)
	}
}

// While a request is handled, nil says nothing.
func TestNilKind(t *testing.T) {
	var k *fault.Kind
	assert.Equal(t, "unknown_error", k.Code())
	assert.Equal(t, "unknown_error", k.Error())
	assert.Equal(t, 500, k.Status())
	assert.Equal(t, fault.Any.TextID(), k.TextID())
	assert.Equal(t, fault.Any.Type(), k.Type())
	assert.Equal(t, fault.Any.ExitCode(), k.ExitCode())
	assert.Equal(t, fault.Any.Category(), k.Category())
	assert.Zero(t, k.Number())
	assert.Zero(t, k.RetryAfter())
	assert.False(t, k.Retryable())
	assert.Nil(t, k.Parent())
	assert.True(t, k.Is(fault.Any))
	assert.False(t, k.Is(fault.NotFound))
	assert.Equal(t, fault.Any, k.New().Kind())
	assert.NotEmpty(t, k.New().LogValue())
	assert.Equal(t, fault.Any, k.Wrap(errors.New("x")).Kind())
	assert.Equal(t, 500, fault.Default().Status(k))
	assert.False(t, fault.Default().Retryable(k))
	resp := fault.Default().Preview(with(), fault.NotFound.New(fault.HeadersFunc(nil), fault.DetailsOf(nil), fault.Cause(nil)))
	assert.Equal(t, 404, resp.Status)
	assert.NotContains(t, string(resp.Body), "details")
}

func TestAliases(t *testing.T) {
	former := []string{"test_alias_former", "test_alias_first"}
	k := derived(fault.Conflict, fault.Spec{Code: "test_alias", Aliases: former})
	former[0] = "changed"
	assert.Equal(t, []string{"test_alias_former", "test_alias_first"}, k.Aliases())
	for _, code := range []string{"test_alias", "test_alias_former", "test_alias_first"} {
		found, ok := fault.KindByCode(code)
		assert.True(t, ok)
		assert.Same(t, k, found)
	}
	assert.Equal(t, "test_alias", decode(t, responder(t).Respond(with(), k))["code"])
	for name, spec := range map[string]fault.Spec{
		"an alias that is a code":        {Code: "test_alias_2", Aliases: []string{"conflict"}},
		"an alias that is an alias":      {Code: "test_alias_2", Aliases: []string{"test_alias_former"}},
		"a code that is an alias":        {Code: "test_alias_former"},
		"an alias that is its own code":  {Code: "test_alias_2", Aliases: []string{"test_alias_2"}},
		"an alias given twice":           {Code: "test_alias_2", Aliases: []string{"test_alias_3", "test_alias_3"}},
		"an alias that cannot be a code": {Code: "test_alias_2", Aliases: []string{"Test"}},
		"an empty alias":                 {Code: "test_alias_2", Aliases: []string{""}},
	} {
		assert.Panics(t, func() { fault.Conflict.Derive(spec) }, name)
	}
	for _, code := range []string{"test_alias_2", "test_alias_3"} {
		_, ok := fault.KindByCode(code)
		assert.False(t, ok, "what is refused leaves nothing behind")
	}
}
