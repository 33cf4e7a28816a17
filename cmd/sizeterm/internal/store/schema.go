package store

import (
	"fmt"
	"strings"

	"sizeterm/recommend/order"
)

// The marks of our files: "sizo" and the form of the tables.
const (
	applicationID = 0x73697a6f
	formVersion   = 1
)

// schema makes the tables. The transitions come from package order, which has the one list of them.
func schema() string {
	var moves, closed []string
	states := map[order.State]bool{}
	for _, t := range order.Transitions() {
		moves = append(moves, fmt.Sprintf("('%s','%s')", t[0], t[1]))
		for _, s := range t {
			if s != "" && !s.Open() && !states[s] {
				closed = append(closed, "'"+string(s)+"'")
			}
			states[s] = true
		}
	}
	return fmt.Sprintf(tables, strings.Join(moves, ","), strings.Join(closed, ","), applicationID, formVersion)
}

const tables = `
CREATE TABLE transitions (src TEXT NOT NULL, dst TEXT NOT NULL, PRIMARY KEY (src, dst)) STRICT, WITHOUT ROWID;
INSERT INTO transitions (src, dst) VALUES %s;
CREATE TRIGGER transitions_stay BEFORE UPDATE ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;
CREATE TRIGGER transitions_kept BEFORE DELETE ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;
CREATE TRIGGER transitions_done BEFORE INSERT ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;

CREATE TABLE orders (
	id TEXT PRIMARY KEY, lineage TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
	CHECK (json_extract(body, '$.id') = id AND json_extract(body, '$.lineage') = lineage),
	CHECK (json_extract(body, '$.state') = state AND json_extract(body, '$.revision') = revision)
) STRICT;
CREATE UNIQUE INDEX orders_open ON orders (lineage) WHERE state NOT IN (%s);
CREATE TRIGGER orders_born BEFORE INSERT ON orders
	WHEN NEW.revision <> 1 OR NOT EXISTS (SELECT 1 FROM transitions WHERE src = '' AND dst = NEW.state)
	BEGIN SELECT RAISE(ABORT, 'an order is born as a draft'); END;
CREATE TRIGGER orders_move BEFORE UPDATE ON orders
	WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE src = OLD.state AND dst = NEW.state)
	BEGIN SELECT RAISE(ABORT, 'no such transition'); END;
CREATE TRIGGER orders_revise BEFORE UPDATE ON orders
	WHEN NEW.revision <> OLD.revision + 1 OR NEW.id <> OLD.id OR NEW.lineage <> OLD.lineage
	BEGIN SELECT RAISE(ABORT, 'an order changes one revision at a time'); END;
CREATE TRIGGER orders_kept BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'an order is never deleted'); END;

CREATE TABLE journal (seq INTEGER PRIMARY KEY, event TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL UNIQUE) STRICT;
CREATE TRIGGER journal_follows BEFORE INSERT ON journal
	WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM journal), 0)
	  OR NEW.prev <> coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '')
	BEGIN SELECT RAISE(ABORT, 'an entry follows from the one before it'); END;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_kept BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

PRAGMA application_id = %d;
PRAGMA user_version = %d;
`
