package devserver

import (
	"context"
	"fmt"
	"log/slog"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// greet is the first client of a new server: it proves that the namespace can be
// used and adds the search attributes. Adding one that exists changes nothing, so
// an old database file gets the new ones too.
func greet(ctx context.Context, address string, opts Options) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort:  address,
		Namespace: opts.Namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)), // errors come back
	})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	defer c.Close()
	_, err = c.WorkflowService().DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: opts.Namespace})
	if err != nil {
		return fmt.Errorf("look up namespace %s: %w", opts.Namespace, err)
	}
	if len(opts.SearchAttributes) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace:        opts.Namespace,
		SearchAttributes: opts.SearchAttributes,
	})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}
