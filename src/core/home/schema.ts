/**
 * Tables of home.db. A row is a canonical dag-cbor `record` with the columns that are searched beside it, and a `sum` over
 * both (records.ts), so that a flipped bit is damage and never another contact.
 */
export const SCHEMA_VERSION = 1;

export const schema = `
CREATE TABLE settings (name TEXT PRIMARY KEY, record BLOB NOT NULL, sum BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE identities (name TEXT PRIMARY KEY, id BLOB NOT NULL UNIQUE, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE TABLE keys (key BLOB PRIMARY KEY, id BLOB NOT NULL, kind TEXT NOT NULL, until INTEGER NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE INDEX keys_by_identity ON keys (id, kind, until);
CREATE TABLE contacts (name TEXT PRIMARY KEY, id BLOB NOT NULL UNIQUE, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE TABLE actors (id BLOB PRIMARY KEY, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE TABLE bundles (id BLOB NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL, PRIMARY KEY (id, seq));
CREATE TABLE outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, cid BLOB, key TEXT, identity BLOB, created INTEGER NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE INDEX outbox_by_cid ON outbox (cid) WHERE cid IS NOT NULL;
CREATE UNIQUE INDEX outbox_by_key ON outbox (identity, key) WHERE key IS NOT NULL;
CREATE TABLE deliveries (number INTEGER NOT NULL, place INTEGER NOT NULL, state TEXT NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL, PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE INDEX deliveries_by_state ON deliveries (state, number);
CREATE TABLE messages (cid BLOB PRIMARY KEY, opened INTEGER NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE INDEX messages_by_opened ON messages (opened);
CREATE TABLE receipts (cid BLOB PRIMARY KEY, record BLOB NOT NULL, sum BLOB NOT NULL);
CREATE TABLE backups (number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, record BLOB NOT NULL, sum BLOB NOT NULL);
PRAGMA user_version = ${SCHEMA_VERSION};
`;
