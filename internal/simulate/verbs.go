package simulate

import "time"

// calls are what users do, by verb.
var calls = map[string]func(*run, Step){
	"lock":    (*run).lock,
	"try":     (*run).try,
	"async":   (*run).async,
	"revoke":  (*run).revoke,
	"do":      (*run).do,
	"read":    (*run).read,
	"look":    (*run).look,
	"clear":   (*run).clear,
	"close":   (*run).close,
	"disturb": (*run).disturb,
	"queue":   (*run).queue,
	"forge":   (*run).forge,

	"permits":   (*run).permits,
	"resize":    (*run).resize,
	"manage":    (*run).manage,
	"together":  (*run).together,
	"downgrade": (*run).downgrade,
	"campaign":  (*run).campaign,
	"observe":   (*run).observe,
	"loop":      (*run).loop, // only by dice.loop
}

// faults are what goes wrong, by verb.
var faults = map[string]func(*run, Step){
	"cut":       func(r *run, st Step) { r.clients[st.Session].Cut() },
	"blackhole": (*run).blackhole,
	"refuse":    (*run).refuse,
	"delay":     (*run).delay,
	"server":    (*run).server,
	"most":      func(r *run, st Step) { r.Server(st.Server).SetMost(4*time.Second + st.For) },
	"expire":    (*run).expire,
	"throttle":  func(r *run, st Step) { r.Throttle(st.Variant % 20) },
	"commits":   (*run).commits,
	"flap":      (*run).flap,
	"strand":    (*run).strand,
	"elect":     (*run).elect,
	"shut":      (*run).shut,
	"wipe":      func(r *run, _ Step) { r.wipe(r.Sessions()); r.Wipe() },
}
