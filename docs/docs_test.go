// Package docs_test holds the documentation together: links, code, and the questions that it answers. The programs on its pages
// are built and run by interop/docs.
package docs_test

import (
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/markdown"
)

// The pages outside of docs.
var others = []string{"README.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md", "CHANGELOG.md", "locales/README.md", "bench/README.md"}

// A question of somebody who is new, and where its answer is.
type question struct{ text, answer string }

var questions = []question{
	{"What is the shortest program, and what does a client see of it?", "README.md#polyfault"},
	{"How do I start with net/http?", "docs/start/nethttp.md#how-do-i-start-with-nethttp"},
	{"How do I start with chi?", "docs/start/chi.md#how-do-i-start-with-chi"},
	{"How do I start with gin?", "docs/start/gin.md#how-do-i-start-with-gin"},
	{"How do I start with echo v4?", "docs/start/echo4.md#how-do-i-start-with-echo-v4"},
	{"How do I start with echo v5?", "docs/start/echo5.md#how-do-i-start-with-echo-v5"},
	{"How do I start with fiber v2?", "docs/start/fiber2.md#how-do-i-start-with-fiber-v2"},
	{"How do I start with fiber v3?", "docs/start/fiber3.md#how-do-i-start-with-fiber-v3"},
	{"Which errors are there already?", "docs/kinds.md#the-built-in-ones"},
	{"How do I make a kind of my own, with a header like WWW-Authenticate?", "docs/kinds.md#which-kind-do-i-return-and-how-do-i-make-my-own"},
	{"How do I rename a code without breaking clients?", "docs/renaming.md#how-do-i-rename-a-code-without-breaking-clients"},
	{"How do I pin codes, and check that with GitHub Actions?", "docs/codes.md#github-actions"},
	{"Where do I get the request id and the user id in log lines?", "docs/logs.md#what-is-in-the-log-and-how-do-i-find-a-request-in-it"},
	{"Why do I see no 4xx in the log?", "docs/logs.md#what-is-in-the-log-and-how-do-i-find-a-request-in-it"},
	{"Which trace id is it, if there are several?", "docs/logs.md#where-the-trace-id-comes-from"},
	{"How do I log by zap or zerolog?", "docs/logs.md#zap-and-zerolog"},
	{"How do I answer 404 instead of 403, with the truth in the log?", "docs/hidden.md#how-do-i-answer-404-instead-of-403-with-the-truth-in-the-log"},
	{"How do I answer a batch?", "docs/batch.md#how-do-i-answer-a-batch-in-which-some-items-failed"},
	{"How does my domain layer stay free of polyfault?", "docs/domain.md#how-does-my-domain-layer-stay-free-of-polyfault"},
	{"How do I tell a client when to come again?", "docs/retries.md#tell-clients"},
	{"How do I retry?", "docs/retries.md#retry-yourself"},
	{"How do I send WWW-Authenticate?", "docs/challenges.md#how-do-i-send-www-authenticate-with-a-401"},
	{"How does a Go client read the errors?", "docs/client.md#how-does-a-go-client-read-these-errors"},
	{"How do errors get into OpenAPI?", "docs/openapi.md#how-do-errors-get-into-my-openapi-document"},
	{"Which exit code does a command end with?", "docs/exitcodes.md#how-does-a-command-end-with-the-right-exit-code"},
	{"How do I keep the log in a database, and who may read it?", "docs/store.md#who-may-read-and-write"},
	{"How do I add a language?", "docs/adding-a-language.md#how-do-i-add-a-language"},
	{"What is cut, and where?", "docs/limits.md#what-is-cut-and-what-is-never-sent"},
	{"How do I write my own texts?", "docs/texts.md#how-do-i-write-my-own-texts-and-change-those-of-polyfault"},
	{"How do I change a wording of polyfault?", "docs/texts.md#override-a-built-in-wording"},
	{"How do I say what is wrong with a field?", "docs/fields.md#how-do-i-say-what-is-wrong-with-a-field"},
	{"What is never sent to a client?", "README.md#what-is-never-sent"},
	{"Which format does my front end get, by which Accept?", "docs/formats.md#which-accept-gets-which-format"},
	{"Which language does a client get?", "docs/language.md#which-language-does-a-client-get"},
	{"What does a front end do with an error?", "docs/frontend.md#what-does-a-front-end-do-with-an-error"},
	{"How do I test my errors with my framework?", "docs/testing.md#how-do-i-test-my-errors"},
	{"How do I see what went wrong while I develop?", "docs/development.md#how-do-i-see-what-went-wrong-while-i-develop"},
	{"What did my framework do with errors before?", "README.md#what-each-framework-answers-by-itself"},
	{"In which order do I use other middleware?", "docs/middleware.md#in-which-order-do-i-use-other-middleware"},
	{"How do I adopt it in an application that has errors already?", "docs/middleware.md#adopting-step-by-step"},
	{"How does it compare to what I have?", "docs/comparison.md#how-does-it-compare"},
	{"How do I move from gin's own errors?", "docs/migrate/gin.md#how-do-i-move-from-gins-own-errors"},
	{"How do I move from echo's error handler?", "docs/migrate/echo.md#how-do-i-move-from-echos-error-handler"},
	{"How do I move from fiber's error handler?", "docs/migrate/fiber.md#how-do-i-move-from-fibers-error-handler"},
	{"How do I move from huma?", "docs/migrate/huma.md#how-do-i-move-from-humas-errors"},
	{"How do I move from a library of problem details?", "docs/migrate/problems.md#how-do-i-move-from-a-library-of-problem-details"},
	{"How do I move from go-i18n by hand?", "docs/migrate/go-i18n.md#how-do-i-move-from-go-i18n-by-hand"},
	{"Why is a body in all languages?", "docs/faq.md#why-is-a-body-in-all-languages-and-not-in-mine"},
	{"Why do I see no log line for a 404?", "docs/faq.md#why-do-i-see-no-log-line-for-a-404"},
	{"Which response do errors of other packages get?", "docs/foreign.md#known-without-configuration"},
	{"Which database error becomes which kind?", "docs/databases.md#codes-by-driver"},
	{"Which response do errors of gRPC and connect get?", "docs/rpc.md#which-response-do-errors-of-grpc-and-connect-get"},
	{"Does polyfault work with my error library?", "docs/libraries.md#does-polyfault-work-with-my-error-library"},
	{"How do I see errors in production?", "docs/observability.md#how-do-i-see-errors-in-production"},
	{"How does the request id get into the log line?", "docs/observability.md#request-id-and-user-in-each-line"},
	{"Which versions of Go and of my framework does it need?", "README.md#versions"},
	{"What does it cost?", "README.md#what-it-costs"},
	{"What does it not do?", "README.md#limits"},
	{"Who has checked the translations?", "locales/README.md#locale-files"},
	{"Where do I report a leak?", "SECURITY.md#report"},
}

// readPages reads every page, by its path from the root of the repository.
func readPages(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat("../go.work"); err != nil {
		t.Skip("a tarball of one module does not have what the pages link to")
	}
	paths := slices.Clone(others)
	err := filepath.WalkDir(".", func(p string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".md") {
			paths = append(paths, path.Join("docs", filepath.ToSlash(p)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		pages[p] = string(text)
	}
	return pages
}

// resolve is the path from the root that a link of a page means, and the fragment. It is not ok for an address outside.
func resolve(page, target string) (file, anchor string, ok bool) {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return "", "", false
	}
	file, anchor, _ = strings.Cut(target, "#")
	if file == "" {
		return page, anchor, true
	}
	return path.Join(path.Dir(page), file), anchor, true
}

func TestLinks(t *testing.T) {
	pages := readPages(t)
	for page, text := range pages {
		for _, link := range markdown.Links(text) {
			file, anchor, ok := resolve(page, link.Target)
			if !ok {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s:%d: there is no %s", page, link.Line, file)
			} else if anchor != "" && !slices.Contains(markdown.Anchors(pages[file]), anchor) {
				t.Errorf("%s:%d: %s has no heading #%s", page, link.Line, file, anchor)
			}
		}
	}
}

// clicks is how many links lead from README.md to each page. A link to a folder leads to its README.
func clicks(pages map[string]string) map[string]int {
	distance := map[string]int{"README.md": 0}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, link := range markdown.Links(pages[queue[0]]) {
			file, _, ok := resolve(queue[0], link.Target)
			if _, folder := pages[path.Join(file, "README.md")]; folder {
				file = path.Join(file, "README.md")
			}
			_, isPage := pages[file]
			if _, seen := distance[file]; ok && isPage && !seen {
				distance[file] = distance[queue[0]] + 1
				queue = append(queue, file)
			}
		}
	}
	return distance
}

func TestEveryPageIsTwoClicksAway(t *testing.T) {
	pages := readPages(t)
	distance := clicks(pages)
	for page := range pages {
		if n, found := distance[page]; !found || n > 2 {
			t.Errorf("%s is not within two clicks of README.md", page)
		}
	}
}

func TestQuestions(t *testing.T) {
	pages := readPages(t)
	distance := clicks(pages)
	for _, q := range questions {
		page, anchor, _ := strings.Cut(q.answer, "#")
		if !slices.Contains(markdown.Anchors(pages[page]), anchor) {
			t.Errorf("%s There is no %s", q.text, q.answer)
		}
		if n, found := distance[page]; !found || n > 2 {
			t.Errorf("%s %s is not within two clicks of README.md", q.text, page)
		}
	}
}

// Each block of Go is a file, declarations or statements, as gofmt writes them.
func TestGoBlocks(t *testing.T) {
	for page, text := range readPages(t) {
		for _, block := range markdown.Blocks(text) {
			if block.Language != "go" {
				continue
			}
			if formatted, err := format.Source([]byte(block.Text)); err != nil {
				t.Errorf("%s:%d: %v", page, block.Line, err)
			} else if string(formatted) != block.Text {
				t.Errorf("%s:%d: gofmt writes\n%s", page, block.Line, formatted)
			}
		}
	}
}

// README is for those who have one minute.
func TestReadmeIsShort(t *testing.T) {
	const limit = 9000
	if n := utf8.RuneCountInString(readPages(t)["README.md"]); n >= limit {
		t.Errorf("README.md has %d characters, and at most %d", n, limit-1)
	}
}

// README's table of versions is that of the modules, and of what .ci/newest runs.
func TestVersions(t *testing.T) {
	readme := readPages(t)["README.md"]
	newest, err := os.ReadFile("../.ci/newest")
	if err != nil {
		t.Fatal(err)
	}
	for file, version := range map[string]string{"../.ci/run": "chi/v5@v5.0.8", "../interop/go.mod": "chi/v5 v5.5.0"} {
		content, err := os.ReadFile(file)
		if _, v, _ := strings.Cut(version, "v5"); err != nil || !strings.Contains(string(content), version) || !strings.Contains(readme, v[1:]) {
			t.Errorf("%s has no %s any more, or README.md: %v", file, version, err)
		}
	}
	row := regexp.MustCompile("(?m)^\\| .+ \\| `/(gin|echo|echov5|fiber|fiberv3|otel)` \\| (\\S+) \\| (\\S+) \\|$")
	required := regexp.MustCompile(`github\.com/(gin-gonic/gin|labstack/echo/v\d|gofiber/fiber/v\d)|go\.opentelemetry\.io/otel`)
	rows := row.FindAllStringSubmatch(readme, -1)
	if len(rows) != 6 {
		t.Fatalf("README.md has %d rows of versions", len(rows))
	}
	for _, r := range rows {
		folder, low, high := r[1], r[2], r[3]
		mod, err := os.ReadFile("../" + folder + "/go.mod")
		if err != nil {
			t.Fatal(err)
		}
		framework := required.FindString(string(mod))
		if !strings.Contains(string(mod), framework+" "+low+"\n") {
			t.Errorf("%s/go.mod does not require %s %s", folder, framework, low)
		}
		if !strings.Contains(string(newest), framework+"@"+high) {
			t.Errorf(".ci/newest does not test %s %s", framework, high)
		}
	}
}

// As soon as a native speaker has reviewed a language, the pages stop saying that none has.
func TestWhatIsSaidOfReviews(t *testing.T) {
	pages := readPages(t)
	review := regexp.MustCompile("(?m)^\\| `\\S+` \\|.*\\| (.+) \\|$")
	reviewed := slices.ContainsFunc(review.FindAllStringSubmatch(pages["locales/README.md"], -1), func(row []string) bool {
		return row[1] != "machine" && row[1] != "source"
	})
	for _, page := range []string{"README.md", "locales/README.md"} {
		if says := strings.Contains(pages[page], "No native speaker has reviewed the"); says == reviewed {
			t.Errorf("%s: a language was reviewed: %t; the page says that none was: %t", page, reviewed, says)
		}
	}
}
