package ingest

import (
	"bytes"
	"hash/maphash"

	"sizeterm/pricing/catalog"
)

// names knows the machines by the cells from the first to the last that name one, as they stand in the file.
type names struct {
	list  []named
	table []int32 // 1 + index into list, by hash
	last  int32
	seed  maphash.Seed
}

// named is a machine as a row names it.
type named struct {
	key                        []byte
	next                       int32 // what followed it the last time
	resource, vm, size, region int32
}

// namesOf reads the machines.
func (m *sampleMapper) namesOf(t *table, from, n int) bool {
	u, c := &m.runs, &m.cols
	resource := grown(&c.Resource, n)
	var vm, size, region []int32
	for _, x := range []struct {
		slot int
		to   *[]int32
		out  *[]int32
	}{{sVM, &c.VM, &vm}, {sSize, &c.Size, &size}, {sRegion, &c.Region, &region}} {
		if m.mapped[x.slot] {
			*x.out = grown(x.to, n)
		}
	}
	for i := range n {
		at := (from + i) * t.columns
		lo, hi := t.ends[at+u.first]+1, t.ends[at+u.last+1]
		name := u.names.find(t.data[lo:hi])
		if name == nil {
			if name = m.learn(t, from+i); name == nil {
				return false
			}
		}
		resource[i] = name.resource
		if vm != nil {
			vm[i] = name.vm
		}
		if size != nil {
			size[i] = name.size
		}
		if region != nil {
			region[i] = name.region
		}
	}
	return true
}

// find returns what is known under a key, nil where nothing is: first what followed the last one the last time, then the
// last one, then the table.
func (s *names) find(key []byte) *named {
	if len(s.list) == 0 {
		return nil
	}
	last := &s.list[s.last]
	if next := &s.list[last.next]; bytes.Equal(next.key, key) {
		s.last = last.next
		return next
	}
	if bytes.Equal(last.key, key) {
		return last
	}
	for slot := maphash.Bytes(s.seed, key); ; slot++ {
		at := s.table[slot&uint64(len(s.table)-1)]
		if at == 0 {
			return nil
		}
		if name := &s.list[at-1]; bytes.Equal(name.key, key) {
			last.next, s.last = at-1, at-1
			return name
		}
	}
}

// learn adds the machine of a row; nil where the row names none.
func (m *sampleMapper) learn(t *table, at int) *named {
	s := &m.runs.names
	var r row
	var name named
	t.each(at, at+1, &r, m.plan, func() {
		if absent(r.text(sResource)) {
			return
		}
		var of sampleOf
		m.who(&r, &of)
		name = named{resource: of.resource, vm: of.vm, size: of.size, region: of.region}
		name.key = bytes.Clone(t.data[r.ends[m.runs.first]+1 : r.ends[m.runs.last+1]])
	})
	if name.key == nil {
		return nil
	}
	if len(s.list) == 0 || len(s.list) >= memoSize {
		*s = names{seed: maphash.MakeSeed()}
	}
	s.list = append(s.list, name)
	if 2*len(s.list) > len(s.table) {
		s.table = make([]int32, max(64, 2*len(s.table)))
		for i := range s.list {
			s.place(int32(i))
		}
	} else {
		s.place(int32(len(s.list) - 1))
	}
	s.list[s.last].next = int32(len(s.list) - 1)
	s.last = int32(len(s.list) - 1)
	return &s.list[s.last]
}

// place enters a name into the table.
func (s *names) place(at int32) {
	slot := maphash.Bytes(s.seed, s.list[at].key)
	for s.table[slot&uint64(len(s.table)-1)] != 0 {
		slot++
	}
	s.table[slot&uint64(len(s.table)-1)] = at + 1
}

// who reads the machine.
func (m *sampleMapper) who(r *row, s *sampleOf) {
	v := m.machineOf(r.text(sResource))
	s.resource = v.resource
	if m.mapped[sVM] {
		v.vm = m.same(r, sVM, &v.vmCell, v.vm, func(cell []byte) int32 { return m.cols.VMWords.Index(lower(cell)) })
	}
	if m.mapped[sSize] {
		v.size = m.same(r, sSize, &v.sizeCell, v.size, func(cell []byte) int32 { return m.cols.SizeWords.Index(sizeOf(string(cell))) })
	}
	if m.mapped[sRegion] {
		v.region = m.same(r, sRegion, &v.regionCell, v.region, func(cell []byte) int32 {
			if region, ok := catalog.RegionOf(string(cell)); ok {
				return m.cols.RegionWords.Index(string(region))
			}
			return m.cols.RegionWords.Index(string(cell))
		})
	}
	s.vm, s.size, s.region = v.vm, v.size, v.region
}

// machineOf returns what is known of a machine.
func (m *sampleMapper) machineOf(resource []byte) *sampled {
	return m.machines.get(resource, func(cell []byte) *sampled {
		return &sampled{resource: m.cols.ResourceWords.Index(lower(bytes.TrimRight(cell, "/"))), vm: -1, size: -1, region: -1}
	})
}

// same returns the index of a cell of a machine: the one of its last row where the cell has not changed.
func (m *sampleMapper) same(r *row, slot int, last *[]byte, index int32, read func([]byte) int32) int32 {
	cell := r.text(slot)
	if bytes.Equal(cell, *last) {
		return index
	}
	*last = append((*last)[:0], cell...)
	if absent(cell) {
		return -1
	}
	return m.indexes[slot-sVM].get(cell, read)
}
