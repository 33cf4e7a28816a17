// Package config finds the value of each setting and remembers where it came from: a flag, an environment variable
// SIZETERM_…, a configuration file, or the default. A flag wins over the environment, the environment over the file.
//
// The package refuses a configuration file that holds a key which no flag has, naming the nearest one, so that a misspelt
// setting is never silently without effect.
package config

import (
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Prefix begins the name of every environment variable of the program.
const Prefix = "SIZETERM_"

// Source says where the value of a setting came from.
type Source string

// The sources, strongest first.
const (
	Flag        Source = "flag"
	Environment Source = "environment"
	File        Source = "file"
	Default     Source = "default"
)

// Setting is one setting with its value as text and where it came from.
type Setting struct {
	Key, Value string
	Source     Source
}

// Apply sets every flag of flags that the command line left alone from the environment, which lookup reads, or from the
// YAML file at path (none where path is empty), and returns all settings sorted by key. Flags named in skip keep out of
// both, and an empty variable is none. A value that a flag refuses is an error that names its source.
func Apply(flags *pflag.FlagSet, path string, lookup func(string) (string, bool), skip ...string) ([]Setting, error) {
	values, err := read(flags, path)
	if err != nil {
		return nil, err
	}
	var settings []Setting
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		if failed != nil || contains(skip, f.Name) {
			return
		}
		setting := Setting{Key: f.Name, Source: Default}
		if f.Changed {
			setting.Source = Flag
		} else if text, ok := lookup(Variable(f.Name)); ok && text != "" {
			setting.Source = Environment
			if err := flags.Set(f.Name, text); err != nil {
				failed = fmt.Errorf("%s: %q: %w", Variable(f.Name), text, err)
			}
		} else if text, ok := values[f.Name]; ok {
			setting.Source = File
			if err := flags.Set(f.Name, text); err != nil {
				failed = fmt.Errorf("%s: key %q: %q: %w", path, f.Name, text, err)
			}
		}
		setting.Value = f.Value.String()
		settings = append(settings, setting)
	})
	sort.Slice(settings, func(i, j int) bool { return settings[i].Key < settings[j].Key })
	return settings, failed
}

// Variable returns the environment variable of the flag name.
func Variable(name string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// read returns the keys of the YAML file at path as texts of flags.
func read(flags *pflag.FlagSet, path string) (map[string]string, error) {
	values := map[string]string{}
	if path == "" {
		return values, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("%s: not a YAML file: %w", path, err)
	}
	for _, key := range k.Keys() {
		name := strings.ReplaceAll(key, "_", "-")
		if flags.Lookup(name) == nil {
			return nil, fmt.Errorf("%s: key %q: no such setting; the settings are %s", path, key, strings.Join(names(flags), ", "))
		}
		values[name] = strings.Join(k.Strings(key), ",")
		if values[name] == "" {
			values[name] = k.String(key)
		}
	}
	return values, nil
}

func names(flags *pflag.FlagSet) []string {
	var all []string
	flags.VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	sort.Strings(all)
	return all
}

func contains(list []string, name string) bool {
	for _, item := range list {
		if item == name {
			return true
		}
	}
	return false
}
