package platform

import "fmt"

// UnreadableError names the records of a page that could not be read. It is the
// cause of an error that comes with the rest of the page: who asked for one thing
// stops there, who walks a list goes on and names them.
type UnreadableError struct {
	IDs     []string // of the records; "" for one whose id cannot be read either
	Because error    // why the first one cannot be; never its content
}

// Error implements error.
func (u *UnreadableError) Error() string {
	return fmt.Sprintf("%d cannot be read: %v", len(u.IDs), u.Because)
}

// Unwrap gives why the first one cannot be read.
func (u *UnreadableError) Unwrap() error { return u.Because }
