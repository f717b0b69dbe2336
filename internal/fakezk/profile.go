package fakezk

import "github.com/zookylock/zklock/internal/wire"

// Profile is what a kind of server does not know. The zero Profile knows everything, as ZooKeeper
// does from 3.5.3 on.
type Profile struct {
	Name    string
	Foreign map[int32]Manner // operations that it does not know
	// each connect request opens a new session, and leaves the old one to expire
	NewSessions bool
}

// Manner is how a server meets a request that it does not know.
type Manner uint8

// The manners.
const (
	HangsUp      Manner = iota + 1 // without an answer
	Refuses                        // -6, and hangs up (UnimplementedRequestProcessor)
	BadArguments                   // -8, and stays
)

// Profiles are the profiles of the existing servers.
var Profiles = []Profile{
	{Name: "ZooKeeper 3.4",
		Foreign: map[int32]Manner{wire.OpCreate2: Refuses, wire.OpCreateContainer: Refuses}},
	{Name: "ZooKeeper 3.5.0", Foreign: map[int32]Manner{wire.OpCreateContainer: Refuses}},
	{Name: "ZooKeeper 3.5.3 to 3.9"},
	{
		Name:        "Keeper without create2",
		Foreign:     map[int32]Manner{wire.OpCreate2: HangsUp, wire.OpCreateContainer: HangsUp},
		NewSessions: true,
	},
	{Name: "Keeper without containers", Foreign: map[int32]Manner{wire.OpCreateContainer: HangsUp},
		NewSessions: true},
	{
		Name:        "Keeper that answers",
		Foreign:     map[int32]Manner{wire.OpCreateContainer: BadArguments},
		NewSessions: true,
	},
	{Name: "Keeper with containers", NewSessions: true},
	{
		Name:    "a server that hangs up and keeps its sessions",
		Foreign: map[int32]Manner{wire.OpCreate2: HangsUp, wire.OpCreateContainer: HangsUp},
	},
}
