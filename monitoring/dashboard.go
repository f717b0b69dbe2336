// Package monitoring has alerts for Prometheus, rules.yml, and a dashboard for Grafana,
// dashboard.json, of what otelzklock and zooky export tell. This package writes the dashboard and
// tests both.
package monitoring

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Query is an expression of a panel, and how its series are called.
type Query struct{ Expr, Legend string }

// Panel is a graph of the dashboard.
type Panel struct {
	Title, About string
	Unit         string // as Grafana has it
	Queries      []Query
}

// Row is panels under a heading.
type Row struct {
	Title  string
	Panels []Panel
}

// Rows are the dashboard's contents. $__rate_interval is Grafana's, $job the program that is
// chosen.
func Rows() []Row {
	return []Row{
		{"Are holds safe?", []Panel{
			{"Holds lost", "Work under a lock that was cut off. The log says which lock.", "short",
				[]Query{{
					`sum by (zklock_loss_reason) (increase(` +
						`zklock_hold_lost_total{job=~"$job"}[$__rate_interval]))`,
					"{{zklock_loss_reason}}",
				}}},
			{"Sessions by state",
				"Holds are lost about half a session timeout after a disconnection.", "short",
				[]Query{{
					`sum by (zklock_session_state) (zklock_session_active{job=~"$job"})`,
					"{{zklock_session_state}}",
				}}},
			{"Least lease left",
				"How near each process came to losing its holds, since it started.", "s",
				[]Query{{`zklock_lease_least_left_seconds{job=~"$job"}`, "{{instance}}"}}},
		}},
		{"Who waits, and for how long?", []Panel{
			{"Acquisitions", "Each second, by how they ended.", "ops",
				[]Query{{
					`sum by (zklock_acquire_result, error_type) (rate(` +
						`zklock_acquire_duration_seconds_count{job=~"$job"}[$__rate_interval]))`,
					"{{zklock_acquire_result}} {{error_type}}",
				}}},
			{"Wait for a lock", "From the call to the grant or the failure.", "s",
				quantiles(`zklock_acquire_duration_seconds_bucket{job=~"$job"}`)},
			{"Holds and waits now", "Goroutines that hold a lock, and that wait for one.", "short",
				[]Query{
					{`sum(zklock_hold_active{job=~"$job"})`, "hold"},
					{`sum(zklock_acquire_active{job=~"$job"})`, "wait"},
				}},
			{"How long locks are held", "Of holds that have ended.", "s",
				quantiles(`zklock_hold_duration_seconds_bucket{job=~"$job"}`)},
			{"Asked to release", "Holds that were revoked.", "short",
				[]Query{{
					`sum by (job) (increase(zklock_hold_revoked_total{job=~"$job"}[$__rate_interval]))`,
					"{{job}}",
				}}},
			{"Release", "Of releases that a caller waited for.", "s",
				quantiles(`zklock_release_duration_seconds_bucket{job=~"$job"}`)},
		}},
		{"How are the servers?", []Panel{
			{"Requests: 99 of 100 are faster", "By server. Holds are confirmed by requests.", "s",
				[]Query{{
					`histogram_quantile(0.99, sum by (server_address, server_port, le) (rate(` +
						`zklock_request_duration_seconds_bucket{job=~"$job"}[$__rate_interval])))`,
					"{{server_address}}:{{server_port}}",
				}}},
			{"Requests by operation", "Each second, pings among them.", "reqps",
				[]Query{{
					`sum by (zklock_request_operation) (rate(` +
						`zklock_request_duration_seconds_count{job=~"$job"}[$__rate_interval]))`,
					"{{zklock_request_operation}}",
				}}},
			{"Connections that ended with a request open", "Each second, by server.", "reqps",
				[]Query{{
					`sum by (server_address) (rate(zklock_request_duration_seconds_count` +
						`{job=~"$job",error_type="connection_closed"}[$__rate_interval]))`,
					"{{server_address}}",
				}}},
		}},
		{"All locks of the ensemble, by zooky export", []Panel{
			{"Locks", "Below the root.", "short",
				[]Query{{`sum by (state) (zooky_locks)`, "{{state}}"}}},
			{"Longest waits", "By lock.", "s",
				[]Query{{`topk(10, zooky_lock_oldest_wait_seconds)`, "{{lock}}"}}},
			{"Longest holds", "By lock.", "s",
				[]Query{{`topk(10, zooky_lock_hold_age_seconds)`, "{{lock}}"}}},
		}},
	}
}

// quantiles are the median and the slow ones of a histogram.
func quantiles(histogram string) (queries []Query) {
	for _, q := range []string{"0.5", "0.95", "0.99"} {
		expr := fmt.Sprintf("histogram_quantile(%s, sum by (le) (rate(%s[$__rate_interval])))",
			q, histogram)
		queries = append(queries, Query{expr, "quantile " + q})
	}
	return queries
}

// Dashboard returns the dashboard as Grafana imports it.
func Dashboard() ([]byte, error) {
	b := dashboard.NewDashboardBuilder("zklock").Uid("zklock").
		Description("Distributed locks: what programs tell by otelzklock, and zooky export.").
		Tags([]string{"zklock", "zookeeper"}).Readonly().
		Refresh("30s").Time("now-1h", "now").Timezone(common.TimeZoneBrowser).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Type("prometheus")).
		WithVariable(dashboard.NewQueryVariableBuilder("job").Datasource(source()).
			Query(dashboard.StringOrMap{String: cog.ToPtr(
				"label_values(zklock_session_active, job)")}).
			Multi(true).IncludeAll(true).AllValue(".*"))
	id := uint32(1)
	for _, row := range Rows() {
		b = b.WithRow(dashboard.NewRowBuilder(row.Title).Id(id))
		id++
		for _, p := range row.Panels {
			panel := timeseries.NewPanelBuilder().Title(p.Title).Description(p.About).
				Id(id).Unit(p.Unit).Min(0).Datasource(source()).Span(8).Height(8).
				Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).
					DisplayMode(common.LegendDisplayModeList).
					Placement(common.LegendPlacementBottom)).
				Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).
					Sort(common.SortOrderDescending))
			for i, q := range p.Queries {
				panel = panel.WithTarget(prometheus.NewDataqueryBuilder().
					RefId(string(rune('A' + i))).Expr(q.Expr).LegendFormat(q.Legend))
			}
			b = b.WithPanel(panel)
			id++
		}
	}
	d, err := b.Build()
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

// source is the Prometheus that is chosen.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}
}
