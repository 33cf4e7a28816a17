PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE transitions (src TEXT NOT NULL, dst TEXT NOT NULL, PRIMARY KEY (src, dst)) STRICT, WITHOUT ROWID;
INSERT INTO transitions VALUES('','draft');
INSERT INTO transitions VALUES('approved','cancelled');
INSERT INTO transitions VALUES('approved','expired');
INSERT INTO transitions VALUES('approved','rejected');
INSERT INTO transitions VALUES('approved','requested');
INSERT INTO transitions VALUES('approved','sending');
INSERT INTO transitions VALUES('draft','cancelled');
INSERT INTO transitions VALUES('draft','draft');
INSERT INTO transitions VALUES('draft','requested');
INSERT INTO transitions VALUES('executed','executed');
INSERT INTO transitions VALUES('executed','reconciled');
INSERT INTO transitions VALUES('expired','cancelled');
INSERT INTO transitions VALUES('expired','requested');
INSERT INTO transitions VALUES('failed','cancelled');
INSERT INTO transitions VALUES('failed','failed');
INSERT INTO transitions VALUES('failed','reconciled');
INSERT INTO transitions VALUES('failed','requested');
INSERT INTO transitions VALUES('reconciled','cancelled');
INSERT INTO transitions VALUES('reconciled','exchanged');
INSERT INTO transitions VALUES('reconciled','verified');
INSERT INTO transitions VALUES('requested','approved');
INSERT INTO transitions VALUES('requested','cancelled');
INSERT INTO transitions VALUES('requested','rejected');
INSERT INTO transitions VALUES('requested','requested');
INSERT INTO transitions VALUES('sending','executed');
INSERT INTO transitions VALUES('sending','failed');
INSERT INTO transitions VALUES('sending','sending');
INSERT INTO transitions VALUES('sending','unknown');
INSERT INTO transitions VALUES('unknown','failed');
INSERT INTO transitions VALUES('unknown','reconciled');
INSERT INTO transitions VALUES('unknown','unknown');
INSERT INTO transitions VALUES('verified','cancelled');
INSERT INTO transitions VALUES('verified','exchanged');
INSERT INTO transitions VALUES('verified','verified');
CREATE TABLE orders (
	id TEXT PRIMARY KEY, lineage TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
	CHECK (json_extract(body, '$.id') = id AND json_extract(body, '$.lineage') = lineage),
	CHECK (json_extract(body, '$.state') = state AND json_extract(body, '$.revision') = revision)
) STRICT;
INSERT INTO orders VALUES('o-02cdbf3565f0','510ef13b421543c90a43c5b855361a86eb9c866bfd7aff87d227f4a92b5ccbc9','draft',1,'{"id":"o-02cdbf3565f0","lineage":"510ef13b421543c90a43c5b855361a86eb9c866bfd7aff87d227f4a92b5ccbc9","state":"draft","revision":1,"line":{"id":"line-0","customer":"customer-000","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":100000000,"Currency":"USD"},"total_price":{"Micros":200000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":100000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","drafted":"2026-11-24T09:00:00Z","changed":"2026-11-24T09:00:00Z"}');
INSERT INTO orders VALUES('o-5d43f32d7fb0','77d31a5ef9ab30cb3baa7641b622089d218362a9470e311e7fe641e455f87fcf','requested',2,'{"id":"o-5d43f32d7fb0","lineage":"77d31a5ef9ab30cb3baa7641b622089d218362a9470e311e7fe641e455f87fcf","state":"requested","revision":2,"line":{"id":"line-1","customer":"customer-001","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":101000000,"Currency":"USD"},"total_price":{"Micros":202000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":101000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","drafted":"2026-11-24T09:00:00Z","requester":"anna","changed":"2026-11-24T09:00:00Z"}');
INSERT INTO orders VALUES('o-8ed17c3ab6f2','b863bb2bc957550c8770d133130335a8d4432445980ef85f0deaaf205a4bfcdf','approved',3,'{"id":"o-8ed17c3ab6f2","lineage":"b863bb2bc957550c8770d133130335a8d4432445980ef85f0deaaf205a4bfcdf","state":"approved","revision":3,"line":{"id":"line-2","customer":"customer-002","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":102000000,"Currency":"USD"},"total_price":{"Micros":204000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":102000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","drafted":"2026-11-24T09:00:00Z","requester":"anna","approval":{"by":"bob","at":"2026-11-24T09:00:00Z","expires":"2026-11-27T09:00:00Z","hash":"a27ee85ba32a1a6a947501d29d427f8c79bbb61b656acb27b17ae6f3a9fea60d"},"changed":"2026-11-24T09:00:00Z"}');
CREATE TABLE journal (seq INTEGER PRIMARY KEY, event TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO journal VALUES(1,'{"order":"o-02cdbf3565f0","kind":"drafted","at":"2026-11-24T09:00:00Z","actor":"anna","line":{"id":"line-0","customer":"customer-000","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":100000000,"Currency":"USD"},"total_price":{"Micros":200000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":100000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}','','b6ca58a3ce260d363dc56b8274fb25067e1de38e58803ad9f532433410eb0a6b');
INSERT INTO journal VALUES(2,'{"order":"o-5d43f32d7fb0","kind":"drafted","at":"2026-11-24T09:00:00Z","actor":"anna","line":{"id":"line-1","customer":"customer-001","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":101000000,"Currency":"USD"},"total_price":{"Micros":202000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":101000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}','b6ca58a3ce260d363dc56b8274fb25067e1de38e58803ad9f532433410eb0a6b','5a8e1c7aba76365b51e1e401949020e552688bfe7deda3355abfab0e263d01bc');
INSERT INTO journal VALUES(3,'{"order":"o-8ed17c3ab6f2","kind":"drafted","at":"2026-11-24T09:00:00Z","actor":"anna","line":{"id":"line-2","customer":"customer-002","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":2,"quantity":2,"flexible":true,"billing_plan":"monthly","unit_price":{"Micros":102000000,"Currency":"USD"},"total_price":{"Micros":204000000,"Currency":"USD"},"price_source":"","price_as_of":"0001-01-01T00:00:00Z","partner_on_record":"","saving_month":{"Micros":102000000,"Currency":"USD"},"rate":0,"as_of":"2026-11-24T09:00:00Z"},"plan":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}','5a8e1c7aba76365b51e1e401949020e552688bfe7deda3355abfab0e263d01bc','af244b4b12cd89ead136fe079c12cc09beac1b4f33e76736d1c4a0748b19a3ee');
INSERT INTO journal VALUES(4,'{"order":"o-5d43f32d7fb0","kind":"requested","at":"2026-11-24T09:00:00Z","actor":"anna"}','af244b4b12cd89ead136fe079c12cc09beac1b4f33e76736d1c4a0748b19a3ee','0d72df8edea3b0535245444727b9cba76450b0bc027250a4bc1af07974de76b9');
INSERT INTO journal VALUES(5,'{"order":"o-8ed17c3ab6f2","kind":"requested","at":"2026-11-24T09:00:00Z","actor":"anna"}','0d72df8edea3b0535245444727b9cba76450b0bc027250a4bc1af07974de76b9','7ba499401312b2959d4b5522196fb58400498fa4f5f27af2ceb0083017b9ce26');
INSERT INTO journal VALUES(6,'{"order":"o-8ed17c3ab6f2","kind":"approved","at":"2026-11-24T09:00:00Z","actor":"bob","approval":{"by":"bob","at":"2026-11-24T09:00:00Z","expires":"2026-11-27T09:00:00Z","hash":"a27ee85ba32a1a6a947501d29d427f8c79bbb61b656acb27b17ae6f3a9fea60d"}}','7ba499401312b2959d4b5522196fb58400498fa4f5f27af2ceb0083017b9ce26','3fa7121b7a367a0871f2a1163bbfc70c3638abea9c72c00482e387492ccf04c5');
INSERT INTO journal VALUES(7,'{"order":"o-5d43f32d7fb0","kind":"refused","at":"2026-11-24T09:00:00Z","actor":"anna","reason":"requester_approves: \"anna\" requested it"}','3fa7121b7a367a0871f2a1163bbfc70c3638abea9c72c00482e387492ccf04c5','527ec086d33355d0739514dfd6ee1d8c25b65026abaae3dc2d46403a7f633a70');
CREATE TRIGGER transitions_stay BEFORE UPDATE ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;
CREATE TRIGGER transitions_kept BEFORE DELETE ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;
CREATE TRIGGER transitions_done BEFORE INSERT ON transitions BEGIN SELECT RAISE(ABORT, 'the transitions are fixed'); END;
CREATE UNIQUE INDEX orders_open ON orders (lineage) WHERE state NOT IN ('cancelled','rejected','exchanged');
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
CREATE TRIGGER journal_follows BEFORE INSERT ON journal
	WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM journal), 0)
	  OR NEW.prev <> coalesce((SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '')
	BEGIN SELECT RAISE(ABORT, 'an entry follows from the one before it'); END;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_kept BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
PRAGMA application_id = 1936292463;
PRAGMA user_version = 1;
