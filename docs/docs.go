// Package docs holds documents that the program shows as they are read here: what a page says of a rule is what POLICY.md says.
package docs

import _ "embed"

// Policy is POLICY.md: tables of key, default and effect.
//
//go:embed POLICY.md
var Policy string
