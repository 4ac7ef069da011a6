/** Words on errors that operators meet: what it means and what to do. Matched on the folded text, first match wins. */

interface Known {
  pattern: RegExp;
  help: string;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /no space left on device/i,
    help: "The disk is full. Free space at once: a full disk can damage the node's databases. Then lower the node's allocated space so that at least a tenth of the disk stays free.",
  },
  {
    pattern: /out of space|not enough (disk )?space|disk space (is less|requirement)/i,
    help: "The node has no room for this upload: its allocated space or the disk is used up. Free space, allocate more, or leave it: a full node goes on earning with what it stores.",
  },
  {
    pattern: /read-only file system|input\/output error|structure needs cleaning/i,
    help: "The operating system cannot use the disk. Stop the node, look at the system log (dmesg) and the disk's SMART values, and check the file system before you start it again.",
  },
  {
    pattern: /verifying (writability|readability)|verifying location/i,
    help: "The node tests its folder every minute or so and the test was too slow or failed; the node then stops by itself. Usual causes: an overloaded or dying disk, an unmounted disk, or a folder of another node.",
  },
  {
    pattern: /database disk image is malformed|file is not a database/i,
    help: "One of the node's SQLite databases is damaged, most often after a power cut or a full disk. Stop the node, check the databases, and restore or recreate the damaged one. Pieces are not affected.",
  },
  {
    pattern: /database is locked/i,
    help: "The node waited too long for its own database: the disk is too slow for its load. Moving the databases to an SSD usually ends it.",
  },
  {
    pattern: /trashed record was read|found in trash/i,
    help: "A piece was asked for that garbage collection had already put into the trash; the node served it. A few are harmless. Many point to a wrong garbage filter from the satellite.",
  },
  {
    pattern: /file does not exist|no such file|piece not found|not found.*piece/i,
    help: "A piece that was asked for is not on the disk. Ordinary downloads: often a piece deleted a moment ago. In an audit or repair it lowers the audit score: check the disk and the file system.",
  },
  {
    pattern: /too many open files/i,
    help: "The process ran out of file handles. Raise its limit (ulimit -n, LimitNOFILE, or --ulimit with Docker).",
  },
  {
    pattern: /permission denied|access is denied|operation not permitted/i,
    help: "The node may not use a file or folder of its own. Check owner and rights, and the user that the node runs as.",
  },
  {
    pattern: /ping satellite failed|your node indicated error|failed to ping storage node/i,
    help: "A satellite could not reach the node from outside. Check that the port (28967 TCP and UDP) is forwarded, the external address is right and the firewall lets it in. During a shutdown it is harmless.",
  },
  {
    pattern: /outdated|version not allowed/i,
    help: "This version is below what satellites allow: they stop sending uploads. Update the node.",
  },
  {
    pattern: /clock is out of sync|preflight check/i,
    help: "The system clock differs from the satellites'. Turn on time synchronisation (NTP): orders with a wrong time are refused.",
  },
  {
    pattern: /lookup .*no such host|server misbehaving|temporary failure in name resolution/i,
    help: "A name could not be resolved: check the DNS server that the node (or its container) uses.",
  },
  {
    pattern: /node scores worsened/i,
    help: "A satellite lowered a score of this node. Online score: the node was not reachable. Audit score: pieces are missing or damaged; find out at once.",
  },
  {
    pattern: /compaction failed/i,
    help: "A hashstore compaction stopped with an error. It is tried again later; if it repeats, check free space and the disk.",
  },
  {
    pattern: /mismatched log tail|invalid records/i,
    help: "After an unclean stop some of the newest pieces were incomplete. The node reports them to the satellite by itself. Avoid hard power-offs.",
  },
  {
    pattern: /upload internal error/i,
    help: "A second line about an upload that broke off; it is not a transfer of its own. Common when customers disconnect.",
  },
  {
    pattern: /order.*(expired|grace)|serial.*(used|already)|order created too long ago/i,
    help: "A customer's order was too old or came twice. A few are normal; many mean that the node's clock is wrong.",
  },
  {
    pattern: /too many requests|concurrent requests/i,
    help: "The node refused work because of its own limit (storage2.max-concurrent-requests). Raise the limit or leave it at 0 if the disk can follow.",
  },
  {
    pattern: /untrusted|trust.*(satellite|list)/i,
    help: "A request came from a satellite that the node does not trust. Nothing to do unless you removed it by mistake.",
  },
  {
    pattern: /connection (reset|refused|timed out)|broken pipe|unexpected eof|use of closed network|context canceled|stream closed|i\/o timeout|no route to host/i,
    help: "The other side went away or the network broke off. In ordinary numbers this is normal: customers drop slow transfers. A sudden rise points to your router or line.",
  },
  {
    pattern: /deadline exceeded|timed out|timeout/i,
    help: "Something took too long: the network, the other side, or your disk. If it comes with slow transfers on this page, look at the disk first.",
  },
  {
    pattern: /unexpected shutdown of a runner|failure during run|unrecoverable error/i,
    help: "The node stopped because a part of it failed. The lines just before say which; make sure that the node is running again.",
  },
];

/** A short help for an error, or null when none is known. */
export function explain(...texts: readonly string[]): string | null {
  const text = texts.join(" ");
  return KNOWN.find((known) => known.pattern.test(text))?.help ?? null;
}
