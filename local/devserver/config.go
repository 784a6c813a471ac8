package devserver

import (
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

const (
	clusterName = "active"
	// clusterID stays the same from start to start: the database remembers it.
	clusterID = "7c1d3f52-8d0e-4b7a-9a64-2f5be0c1d9e3"
	// unlimited is a rate, per second, that one machine does not reach.
	unlimited = 100_000
)

// serverConfig describes a cluster of one machine, without archive or replication.
func serverConfig(store *config.SQL, p *ports) *config.Config {
	frontend := p.frontend.Addr().String()
	off := config.ArchivalNamespaceDefaults{
		History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
		Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
	}
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     sqliteplugin.PluginName,
			VisibilityStore:  sqliteplugin.PluginName,
			NumHistoryShards: 1, // SQLite has one writer; written into the file for ever
			DataStores: map[string]config.DataStore{
				sqliteplugin.PluginName: {SQL: store},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {
					Enabled:                true,
					InitialFailoverVersion: 1,
					RPCAddress:             frontend,
					ClusterID:              clusterID,
				},
			},
		},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(portOf(p.frontend)),
			string(primitives.HistoryService):  service(portOf(p.history)),
			string(primitives.MatchingService): service(portOf(p.matching)),
			string(primitives.WorkerService):   service(portOf(p.worker)),
		},
		PublicClient:        config.PublicClient{HostPort: frontend},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		NamespaceDefaults:   config.NamespaceDefaults{Archival: off},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
	}
}

func service(port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
}

// staticHosts tells the services where the others are, in place of the gossip a
// real cluster needs.
func staticHosts(p *ports) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(p.frontend.Addr().String()),
		primitives.HistoryService:  static.SingleLocalHost(p.history.Addr().String()),
		primitives.MatchingService: static.SingleLocalHost(p.matching.Addr().String()),
		primitives.WorkerService:   static.SingleLocalHost(p.worker.Addr().String()),
	}
}

// dynamicConfig differs from the server's defaults where the product needs it
// (fairness, one partition), where a test would wait (search attributes), and
// where limits meant for shared clusters would slow a demonstration down.
func dynamicConfig(timeSkipping bool) dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// A small shop is not stuck behind a big one's backlog.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// The server divides a queue's rate by its partitions; with one, a rate
		// of a few calls per second is exact.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// A search attribute is usable as soon as it was added.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		// Lists and counts per second, against 10: pages that refresh reach that.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// Workflows kept in memory, so that a peak of open returns is not read
		// from SQLite again and again.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8096,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():    unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():     unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():    unlimited,
		dynamicconfig.WorkerPersistenceMaxQPS.Key():      unlimited,
		dynamicconfig.WorkflowTimeSkippingEnabled.Key():  timeSkipping,
	}
}
