package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// object is a JSON object on the wire.
type object = map[string]any

// apiError is a business refusal: a code of contract 1.7 and a sentence.
type apiError struct {
	code       int
	message    string
	retryAfter time.Duration // becomes the header of that name
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.code, e.message) }

func fail(code int, format string, args ...any) *apiError {
	return &apiError{code: code, message: fmt.Sprintf(format, args...)}
}

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   []byte
	// hangUp closes the connection instead of answering.
	hangUp bool
	// then runs before the answer leaves, outside the lock.
	then func()
}

// success is the envelope of contract 1.6.
func success(requestID string, data any) reply {
	return envelope(http.StatusOK, object{"code": 0, "message": "Success", "request_id": requestID, "data": data})
}

func failure(requestID string, e *apiError) reply {
	answer := envelope(statusOf(e.code), object{"code": e.code, "message": e.message, "request_id": requestID, "data": nil})
	if e.retryAfter > 0 {
		seconds := int((e.retryAfter + time.Second - 1) / time.Second)
		answer.header.Set("Retry-After", strconv.Itoa(seconds))
	}
	return answer
}

// statusOf is T03: business errors come with HTTP 200, 401 for credentials and for
// inactive shops and sellers, 429 for throttling.
func statusOf(code int) int {
	switch {
	case code == 36009002, code == 36009037:
		return http.StatusTooManyRequests
	case code == 106001, code >= 105000 && code < 106000, code == 36009043, code == 36009044:
		return http.StatusUnauthorized
	}
	return http.StatusOK
}

func envelope(status int, content object) reply {
	body, err := json.Marshal(content)
	if err != nil {
		panic(fmt.Sprintf("tiktoksandbox: unencodable answer: %v", err))
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

func (r reply) write(w http.ResponseWriter) {
	if r.hangUp {
		// The standard way to cut a connection without an answer.
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}
