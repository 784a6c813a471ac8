package returngo

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
)

// Marker is the text that makes a comment of ours recognisable, because
// ReturnGO does not deduplicate comments (ReturnGO contract 2.4): put it into
// the comment, and look for it in RMA.Markers before posting. The id may hold
// letters, digits and ". _ : / -", 96 at most.
func Marker(id string) string { return "[sync:ttr-" + id + "]" }

// ours is the form of a marker; nothing else of a comment is kept. It has no
// room for blanks or "@", so no sentence or address can pass for one.
var ours = regexp.MustCompile(`\[sync:ttr-([A-Za-z0-9._:/-]{1,100})\]`)

// comment is an entry of the RMA's timeline, of which only our markers are read.
type comment struct{ markers []string }

func (c *comment) UnmarshalJSON(b []byte) error {
	c.markers = nil
	var wire struct {
		HTML text `json:"htmlText"`
	}
	if json.Unmarshal(b, &wire) == nil {
		for _, found := range ours.FindAllStringSubmatch(html.UnescapeString(string(wire.HTML)), -1) {
			c.markers = append(c.markers, found[1])
		}
	}
	return nil
}

// markersOf keeps each marker once, in the order of the comments (newest first).
func markersOf(comments []comment) []string {
	var found []string
	for _, c := range comments {
		for _, m := range c.markers {
			if !slices.Contains(found, m) {
				found = append(found, m)
			}
		}
	}
	return found
}
