import { failures } from '@mmtchain/primitives'

/** The refusals of the network, for the catalogue of error codes. Other nodes are answered with them, too. */
export const p2pRefusals = {
  BAD_ADDRESS: (d: { text: string }) => ({
    message: `"${d.text}" is no address of a node.`,
    hint: 'Write HOST:PORT, or NODE@HOST:PORT with the 64 hex digits that the node shows as its name; IPv6 in brackets.',
  }),
  BAD_RULE: (d: { text: string }) => ({
    message: `"${d.text}" names neither a node nor addresses.`,
    hint: 'Write the 64 hex digits of a node, an IP address, or a network such as 10.1.0.0/16.',
  }),
  BAD_SETTING: (d: { name: string; why: string }) => ({
    message: `The setting ${d.name} of the network cannot be used: ${d.why}.`,
    hint: 'Correct it, or leave it out to have the default.',
  }),
  PLAIN_OFF_LOOPBACK: (d: { host: string }) => ({
    message: `Plain HTTP would carry messages of this chain in the open at ${d.host}.`,
    hint: 'Leave tls out, or set it to pinned or authority; plain is for loopback, and off it only by the word plain.',
  }),
  BAD_CERTIFICATE_FILE: (d: { why: string }) => ({
    message: `The certificate, its key or the authority’s certificate cannot be used: ${d.why}.`,
    hint: 'Give certificate and authority as PEM, and the unencrypted key that belongs to the certificate.',
  }),
  BAD_HEADERS: (d: { header: string; want: string }) => ({
    message: `The header ${d.header} is not ${d.want}.`,
    hint: 'Every request of a node carries mmt-version, mmt-address, mmt-port and mmt-fingerprint; see the README of p2p-http.',
  }),
  WRONG_CHAIN: (d: { want: string; got: string }) => ({
    message: `This node is of the chain with the fingerprint ${d.want}, not ${d.got}.`,
    hint: 'Compare genesis.json and the chain file of both nodes; they must be the same.',
  }),
  SELF: (_: object) => ({ message: 'This is the node itself.', hint: 'Take its own address out of peers.' }),
  NOT_ALLOWED: (d: { peer: string }) => ({
    message: `The operator of this node does not admit ${d.peer}.`,
    hint: 'Ask the operator to add the node to allow, or to take it out of deny.',
  }),
  BANNED: (d: { peer: string; untilMs: number; why: string }) => ({
    message: `${d.peer} is banned until ${new Date(d.untilMs).toISOString()}: ${d.why}.`,
    hint: 'The ban ends by itself. Update the node if it is an old release; if it is not, report this.',
  }),
  FULL: (d: { max: number }) => ({
    message: `This node has its ${d.max} connections.`,
    hint: 'Try another node; GET /p2p/v1/peers names some.',
  }),
  STARTING: (_: object) => ({
    message: 'This node is not ready for its peers.',
    hint: 'Try again in a second.',
  }),
  PRIVATE: (_: object) => ({
    message: 'This node does not tell whom it knows.',
    hint: 'It is of a private alliance; ask its operator.',
  }),
  NOT_FOUND: (d: { path: string }) => ({
    message: `There is nothing at ${d.path}.`,
    hint: 'GET /p2p/v1/status, /p2p/v1/blocks?from=1&limit=10, /p2p/v1/peers or /p2p/v1/best.',
  }),
  BAD_QUERY: (d: { name: string; want: string; got: string }) => ({
    message: `${d.name} is "${d.got}", not ${d.want}.`,
    hint: 'For example GET /p2p/v1/blocks?from=1&limit=10.',
  }),
  NO_SNAPSHOT: (d: { urls: string }) => ({
    message: `None of ${d.urls} gives a snapshot that is right.`,
    hint: 'Name other nodes; a node offers snapshots when snapshotHeights is set in its config.json.',
  }),
  COMPRESSED: (d: { encoding: string }) => ({
    message: `The content encoding ${d.encoding} is not taken.`,
    hint: 'Send the body as it is.',
  }),
  TOO_LARGE: (d: { max: number }) => ({
    message: `The message is over ${d.max} bytes.`,
    hint: 'No node of this chain sends one so long; update the node.',
  }),
  RATE_LIMITED: (d: { perSecond: number }) => ({
    message: `More than ${d.perSecond} requests a second came from here.`,
    hint: 'Ask again in a second.',
  }),
  TOO_SLOW: (d: { ms: number }) => ({
    message: `The other side took over ${d.ms} ms.`,
    hint: 'Look at the load of both machines and the line between them.',
  }),
  WRONG_KEY: (d: { want: string; got: string }) => ({
    message: `The node there is ${d.got}, not ${d.want}.`,
    hint: 'Ask its operator for the node’s name by another way. If it is right, somebody stands between you.',
  }),
  BAD_PROOF: (_: object) => ({
    message: 'The other side did not prove that it holds the key of its name on this very connection.',
    hint: 'A proof holds for one connection only; somebody may have replayed one or stand between you.',
  }),
  NO_CERTIFICATE: (_: object) => ({
    message: 'The other side showed no certificate.',
    hint: 'Nodes of this network speak TLS with certificates on both sides; set tls alike on both.',
  }),
  CERTIFICATE_EXPIRED: (d: { validTo: string }) => ({
    message: `The certificate is not valid any more, or not yet: it ends on ${d.validTo}.`,
    hint: 'Renew the certificate, or set the clock of this machine.',
  }),
  WRONG_AUTHORITY: (d: { why: string }) => ({
    message: `The certificate is not of the alliance’s authority: ${d.why}.`,
    hint: 'Have the alliance’s authority sign the certificate of the node, and name that authority on both sides.',
  }),
  UNREACHABLE: (d: { address: string; why: string }) => ({
    message: `Nothing answers at ${d.address}: ${d.why}.`,
    hint: 'Check that the node runs there, that its port is open, and that both use TLS or both do not.',
  }),
  SILENT: (d: { ms: number }) => ({
    message: `The node gave no sign of life for ${d.ms} ms.`,
    hint: 'It may be overloaded, stopped or cut off; look at it and at the line.',
  }),
  REFUSED: (d: { code: string; why: string; cure: string }) => ({
    message: `The node there refuses (${d.code}): ${d.why}`,
    hint: d.cure === '' ? 'Its log says more.' : d.cure,
  }),
  LEFT: (d: { why: string }) => ({
    message: `The other node ended the connection: ${d.why}.`,
    hint: 'Its log says more.',
  }),
}

export const p2pFail = failures('p2p', p2pRefusals)
