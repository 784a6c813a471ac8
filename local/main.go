// Command local runs everything on one machine.
package main
import (
 _ "go.temporal.io/server/temporal"
 _ "go.temporal.io/server/schema/sqlite"
 _ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
 _ "github.com/temporalio/ui-server/v2/server"
 _ "github.com/temporalio/ui-server/v2/server/server_options"
 _ "go.temporal.io/sdk/client"
)
func main(){}
