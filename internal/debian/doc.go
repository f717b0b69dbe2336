// Package debian fetches what tests and demonstrations run, ZooKeeper, Java and the clients of
// other languages, as packages of the machine's Debian or Ubuntu, and unpacks them into a cache of
// the user's. Nothing is installed and no root is needed.
package debian
