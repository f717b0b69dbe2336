package fakezk

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/zookylock/zklock/internal/jute"
)

// The permissions of an ACL.
const (
	permRead   = 1
	permWrite  = 2
	permCreate = 4
	permDelete = 8
	permAll    = 31
)

// identity is who a connection has proved to be, or whom an ACL names. Of the schemes there are
// world, digest and auth.
type identity struct{ scheme, id string }

var anyone = identity{"world", "anyone"}

// rights are one entry of an ACL.
type rights struct {
	perms int32
	who   identity
}

type acl []rights

// allows reports whether a client with these ids may do something. A znode without an ACL, such as
// the root, is open to all.
func (a acl) allows(perm int32, ids []identity) bool {
	return len(a) == 0 || slices.ContainsFunc(a, func(r rights) bool {
		return r.perms&perm != 0 && (r.who == anyone || slices.Contains(ids, r.who))
	})
}

// of puts the creator's identities in the place of auth (PrepRequestProcessor.fixupACL).
func (a acl) of(ids []identity) (acl, code) {
	var fixed acl
	for _, r := range a {
		switch r.who.scheme {
		case "auth":
			if len(ids) == 0 {
				return nil, invalidACL
			}
			for _, id := range ids {
				fixed = append(fixed, rights{r.perms, id})
			}
		default:
			fixed = append(fixed, r)
		}
	}
	if len(fixed) == 0 {
		return nil, invalidACL
	}
	return fixed, ok
}

// digest is the identity of user:password (DigestAuthenticationProvider.generateDigest).
func digest(secret string) identity {
	user, _, _ := strings.Cut(secret, ":")
	sum := sha1.Sum([]byte(secret))
	return identity{"digest", user + ":" + base64.StdEncoding.EncodeToString(sum[:])}
}

// readACL takes an ACL.
func readACL(r *jute.Reader) (a acl) {
	for n := r.Int32(); n > 0 && r.Wrong == ""; n-- {
		a = append(a, rights{r.Int32(), identity{string(r.Text()), string(r.Text())}})
	}
	return a
}
