package store

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// links writes the addresses of resources below one base: a URL or a path without its last slash.
type links struct{ base string }

// linksOf begins links as the request's own path begins: local is the end of the path that is ours.
func (h *handler) linksOf(req *http.Request, local string) links {
	if h.base != nil {
		return links{*h.base}
	}
	path := strings.TrimSuffix(sentPath(req), "/")
	prefix := strings.Trim(strings.TrimSuffix(path, local), "/") // "//host" would be a link to another host
	if prefix == "" {
		return links{}
	}
	return links{"/" + prefix}
}

// sentPath returns the path as the client sent it: [http.StripPrefix] and routers shorten that of the URL.
func sentPath(req *http.Request) string {
	path := req.URL.EscapedPath()
	sent, err := url.ParseRequestURI(req.RequestURI)
	if err != nil || !strings.HasSuffix(sent.EscapedPath(), path) {
		return path
	}
	return sent.EscapedPath()
}

func (l links) list(resource string, query url.Values) string {
	link := l.base + "/" + resource + "/"
	if len(query) == 0 {
		return link
	}
	return link + "?" + query.Encode()
}

func (l links) item(resource string, id int64) string {
	return l.base + "/" + resource + "/" + strconv.FormatInt(id, 10) + "/"
}

// logsOf returns the list of entries that have these values; values that are empty do not count. nil when
// none counts: that would be the whole log.
func (l links) logsOf(values map[string]string) *string {
	query := url.Values{}
	for name, value := range values {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return nil
	}
	return new(l.list("logs", query))
}
