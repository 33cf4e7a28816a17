package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
)

// clientSecret is the variable, or with _FILE the file, that holds the secret of the app registration.
const clientSecret = "SIZETERM_OIDC_CLIENT_SECRET"

// vouching are the flags of the sign-in at a provider.
type vouching struct {
	public, issuer, client, name string
	directories, roles           []string
}

func (v *vouching) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.public, "public-url", "", "address under which browsers reach the service: https://HOST[:PORT]")
	f.StringVar(&v.issuer, "oidc-issuer", "", "OpenID provider at which people sign in, such as https://login.microsoftonline.com/DIRECTORY/v2.0; needs --public-url and --oidc-client")
	f.StringVar(&v.client, "oidc-client", "", "client id of the app registration; its redirect URI is PUBLIC-URL"+web.CallbackPath+"; the secret comes from "+clientSecret+" or the file that "+clientSecret+"_FILE names")
	f.StringVar(&v.name, "oidc-name", "Microsoft", "name of the provider on the button")
	f.StringArrayVar(&v.directories, "oidc-directory", nil, "directory (Entra tenant id) whose people may sign in, or DIRECTORY=PARTNER for the people of another partner (repeatable); needed with an issuer of many directories")
	f.StringArrayVar(&v.roles, "oidc-role", nil, "APP-ROLE-OR-GROUP-ID=viewer, analyst, approver or admin (repeatable); without any, app roles of these four names count")
}

// address checks the public address and returns it without a slash at its end.
func (v *vouching) address() (string, error) {
	if v.public == "" {
		return "", nil
	}
	u, err := url.Parse(v.public)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", usageError("", "--public-url: %q: want https://HOST[:PORT] without a path", v.public)
	}
	return u.Scheme + "://" + u.Host, nil
}

// provider makes the provider that the flags describe, nil where they describe none, and sees to it that its partners exist.
func (v *vouching) provider(ctx context.Context, db *store.Store, public string) (*web.Provider, error) {
	if v.issuer == "" {
		if v.client != "" || len(v.directories) > 0 || len(v.roles) > 0 {
			return nil, usageError("", "--oidc-client, --oidc-directory and --oidc-role need --oidc-issuer")
		}
		return nil, nil
	}
	if public == "" {
		return nil, usageError("The provider sends people back to it.", "--oidc-issuer needs --public-url")
	}
	directories, err := v.listed()
	if err != nil {
		return nil, err
	}
	roles, err := v.given()
	if err != nil {
		return nil, err
	}
	secret, err := secretOf(clientSecret)
	if err != nil {
		return nil, refused("", err)
	}
	p, err := web.NewProvider(web.ProviderOptions{Issuer: v.issuer, Client: v.client, Secret: secret, Name: v.name, Redirect: public + web.CallbackPath, Directories: directories, Home: store.Local, Roles: roles, Now: now})
	if err != nil {
		return nil, usageError("See docs/OPERATIONS.md, Sign-in.", "%w", err)
	}
	for _, tenant := range directories {
		err := db.AddTenant(ctx, store.Tenant{ID: tenant, Name: tenant, Created: now()})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, err
		}
	}
	return p, nil
}

// directoryForm is the form of the id of a directory, partnerForm that of a partner.
var (
	directoryForm = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	partnerForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

// listed reads the directories with the partner of each.
func (v *vouching) listed() (map[string]string, error) {
	all := map[string]string{}
	for _, text := range v.directories {
		directory, partner, ok := strings.Cut(strings.ToLower(text), "=")
		if !ok {
			partner = store.Local
		}
		if !directoryForm.MatchString(directory) || !partnerForm.MatchString(partner) {
			return nil, usageError("", "--oidc-directory: %q: want the GUID of a directory, or GUID=PARTNER, where PARTNER is letters, digits and hyphens", text)
		}
		if _, twice := all[directory]; twice {
			return nil, usageError("", "--oidc-directory: %s is listed twice", directory)
		}
		all[directory] = partner
	}
	return all, nil
}

// given reads the roles by app role or group; nil where none is given.
func (v *vouching) given() (map[string]web.Role, error) {
	var all map[string]web.Role
	for _, text := range v.roles {
		at := strings.LastIndex(text, "=")
		role, err := web.ParseRole(text[at+1:])
		if at <= 0 || err != nil {
			return nil, usageError("", "--oidc-role: %w", fmt.Errorf("%q: want APP-ROLE-OR-GROUP-ID=viewer, analyst, approver or admin", text))
		}
		if all == nil {
			all = map[string]web.Role{}
		}
		all[text[:at]] = role
	}
	return all, nil
}
