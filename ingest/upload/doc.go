// Package upload is the door for files: an http.Handler that takes them whole with one request, or in pieces by the tus
// protocol 1.0 (core, creation, creation-with-upload, checksum, expiration, termination), so that an upload goes on where
// it stopped after a lost connection, a closed browser or a killed server.
//
// A byte is acknowledged when it is on the disk (fsync of the data, of the record of the offset, and of the folder), and a
// file when the archive has it and the Recorder has recorded it. Resuming trusts the recorded offset only, never the size
// of a file. A finished file is hashed while it comes in; nothing is read twice.
//
// The door knows no users: Options.Owner says who asks, and everything is refused that it refuses. It looks into no file
// either. Requests that end badly are answered as problem+json (RFC 9457) whose type is one of the Problem slugs.
//
// Unfinished uploads lie in one folder of one process: replicas each have their own, and a client must come back to the
// one that it began with.
package upload
