package notify

import (
	"fmt"
	"time"
)

// Outage tells IT that nothing moves, or that it moves again (over is not zero). what is
// temporal or worker.
func (w Writer) Outage(id, what string, since, over time.Time) Message {
	said, cure := "Temporal cannot be reached", "No return moves, and no alert is sent but this one; TikTok's deadlines run on. Start Temporal, or mend TEMPORAL_ADDRESS and the network between; returns go on by themselves then."
	if what == "worker" {
		said, cure = "no worker asks for work", "No return moves, and no alert is sent but this one; TikTok's deadlines run on. Start the worker (or restart it with this configuration); returns go on by themselves then."
	}
	if !over.IsZero() {
		return w.message(id, "outage", "over: "+said, fmt.Sprintf("For IT: it is over. %s UTC until %s UTC: %s.\n", minute(since), minute(over), said), nil)
	}
	return w.message(id, "outage", said, fmt.Sprintf("For IT: %s since %s UTC, for %s.\n%s\nstarter check names what is missing.\n", said, minute(since), span(w.Now().Sub(since)), cure), nil)
}

func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }
