package main

import (
	"context"
	"slices"
	"strings"
	"sync"

	"sizeterm/cmd/sizeterm/internal/web"
)

// people are those who may sign in, kept as long as the process lives.
type people struct {
	mu   sync.Mutex
	list []web.Person
}

func newPeople(first ...web.Person) *people { return &people{list: first} }

// Person implements web.People.
func (p *people) Person(_ context.Context, tenant, id string) (web.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.list {
		if one.Tenant == tenant && one.ID == id {
			return one, nil
		}
	}
	return web.Person{}, web.ErrNone
}

// People implements web.People.
func (p *people) People(_ context.Context, tenant string) ([]web.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []web.Person
	for _, one := range p.list {
		if one.Tenant == tenant {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b web.Person) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return all, nil
}

// Save implements web.People.
func (p *people) Save(_ context.Context, person web.Person) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = slices.DeleteFunc(p.list, func(one web.Person) bool { return one.Tenant == person.Tenant && one.ID == person.ID })
	p.list = append(p.list, person)
	return nil
}
