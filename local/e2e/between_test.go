package e2e

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"returnbridge/local/demo"
)

// between stands between the program and the platforms: a test can do something
// at exactly one call, before the platform hears of it.
type between struct {
	mu               sync.Mutex
	tiktok, returnGO func(path, body string)
}

// standBetween is a house option; set the functions through set.
func (b *between) standBetween(o *demo.HouseOptions) {
	o.AroundTikTok = b.before(func() func(string, string) { return b.tiktok })
	o.AroundReturnGO = b.before(func() func(string, string) { return b.returnGO })
}

func (b *between) set(tiktok, returnGO func(path, body string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tiktok, b.returnGO = tiktok, returnGO
}

func (b *between) before(which func() func(path, body string)) func(http.Handler) http.Handler {
	return func(platform http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			b.mu.Lock()
			look := which()
			b.mu.Unlock()
			if look != nil {
				look(r.URL.Path, string(body))
			}
			platform.ServeHTTP(w, r)
		})
	}
}
