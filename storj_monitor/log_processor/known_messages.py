"""Messages of storagenode and storagenode-updater by logger, as the node writes them; `*` stands for a value within a message."""

from __future__ import annotations

from collections.abc import Mapping


def _messages(text: str) -> frozenset[str]:
    """Messages stand between bars; space around them does not count."""
    return frozenset(message.strip() for message in text.split("|"))


KNOWN_MESSAGES: Mapping[str, frozenset[str]] = {
    "": _messages("""
        Anonymized tracing disabled | Anonymized tracing enabled | Configuration loaded |
        Disk space is less than requested. Allocated space is | Failed preflight check. | Failed to initialize telemetry batcher. |
        Got a signal from the OS: * | Interrogate request received. | Node * started | Node started | Operator email |
        Operator email address isn't specified. | Operator wallet | PANIC | Private server started on * | Public server started on * |
        Service failed. | Stop/Shutdown request received. | Telemetry disabled | Telemetry enabled |
        Total disk space (minus reserved bytes) is less than required minimum | Total disk space is less than required minimum |
        Unexpected control request. | Unrecoverable error | Used more space than allocated. Allocated space is | Version info |
        could not pre-initialize blobstore space cache from DB | debug server listening on * | error encountered loading bloom filters |
        failed to iterate over migration state directories | failed to start debug endpoints |
        failed to sufficiently increase buffer size | failed to unmarshal migration state | failure during run | migrating backend |
        unable to get disk space info, using zeros |
        Could not read hostname for telemetry setup | Could not read hostname for tracing setup |
        Could not read identity for telemetry setup | Could not read identity for tracing setup | Couldn't read migration state |
        Couldn't start the profiler | Event collection enabled | Event stat can be published only to one collector server |
        Event stat publisher is enabled | Failed to determine if session is a service. | Found deprecated flag. Migrating value. |
        Invalid configuration file key | Invalid configuration file value for key | PANIC | closing | debug server died |
        disk stats monitoring initialized | failed to init profiler | failed to initialize tracing collector | failed to write svg |
        flight recorder event | init | starting Google continuous profiler | success debug profiler init | unable to resolve path |
        Failed to initialize CacheService.
    """),
    "bandwidth": _messages("""
        Could not persist bandwidth cache to db | Could not rollup bandwidth usage | Performing bandwidth usage rollups |
        Persisting bandwidth usage cache to db
    """),
    "blobscache": _messages("""
        * < 0 | deleted piece
    """),
    "cleanup": _messages("""
        Couldn't delete directory | Couldn't delete zero sized file | Deleting empty directory | Deleting zero sized file |
        Files couldn't be listed under prefixDir | Invalid namespace | Prefix dirs couldn't be listed under namespace |
        availabilityCondition is failed | cleanup chore is not running as availability condition is not met | execution is failed |
        starting cleanup chores | stopping the running chores, as running conditions are not met
    """),
    "collector": _messages("""
        ExpirationGracePeriod cannot not be less than 30 minutes. Using default | collect | delete expired | deleted expired piece |
        error during collecting pieces: | error during deleting expired pieces: | error during expired pieces collection |
        expired pieces collection completed | expired pieces collection started | unable to delete piece | unable to update piece info |
        Couldn't delete expired file | Couldn't delete flat file | Couldn't fully process expired file | Deleting expired files |
        Expired files deleted | Invalid namespace | No more expired files to handle, we are done!
    """),
    "console:endpoint": _messages("""
        failed to encode json list notifications response | failed to encode json response | failed to write json error response
    """),
    "console:service": _messages("""
        unable to get Satellite URL
    """),
    "consoleserver": _messages("""
        webui is started listening
    """),
    "contact:amnesty": _messages("""
        adding bad piece to batch | failed to dial satellite for amnesty report | failed to get satellite URL for amnesty report |
        failed to send amnesty report | sending amnesty batch to satellite | successfully sent amnesty batch
    """),
    "contact:chore": _messages("""
        Starting cycle | Stopping cycle
    """),
    "contact:endpoint": _messages("""
        pinged
    """),
    "contact:service": _messages("""
        Your node is still considered to be online but encountered an error. | checkin callback failed | context cancelled |
        failed PingMe request to satellite | ping satellite failed | retries timed out for this cycle
    """),
    "db": _messages("""
        Couldn't delete blobstore cache entry | Couldn't delete trash directory | Database version is up to date |
        Error removing orphaned tmp data. | Error removing trash from asia-east-1. | Error removing trash from europe-west-1. |
        Error removing trash from tothemoon. | Error removing trash from us-central-1. | blob not found; will not trash |
        database does not exist | directory not found | directory not found; nothing to remove | failed to stat blob |
        failed to stat blob in trash | file not found; nothing to remove | migrating trash namespace to use per-day directories |
        number of subdirs | prefix directory removed concurrently during walk | schema contains unexpected indices |
        trash namespace migration complete
    """),
    "db.migration": _messages("""
        Database Created | Database Version | Database version is up to date | No Versions
    """),
    "debug": _messages("""
        debug server died | debug server is started listening | failed to start debug endpoints
    """),
    "diskio": _messages("""
        could not get disk i/o stats |
        could not read disk stats | could not resolve block device for disk stats | disk stats monitoring initialized
    """),
    "filewalker": _messages("""
        bloomfilter createdBefore time does not match the one used in the last scan | failed to determine mtime of blob |
        failed to get progress from database | failed to get total used space from the database | failed to reset progress in database |
        failed to save progress in the database | failed to store the batch of prefixes | failed to store the last batch of prefixes |
        resetting progress in database | stored blob has invalid pieceID
    """),
    "forgetsatellite:chore": _messages("""
        error running forget-satellite worker | forget-satellite already in progress | worker finished | worker started
    """),
    "forgetsatellite:cleaner": _messages("""
        Failed to update satellite status. | cleaning up satellite data | cleaning up the trash | cleanup completed | cleanup failed |
        failed to get satellite info | failed to remove satellite from trust cache | removing satellite from trust cache |
        removing satellite info from reputation DB | removing satellite v0 pieces if any
    """),
    "forgetsatellite:endpoint": _messages("""
        failed to get satellites | failed to update satellite status | initializing forget satellite |
        satellite is already being cleaned up | satellite is not untrusted | satellite not found
    """),
    "gracefulexit:blobscleaner": _messages("""
        couldn't delete blobs/satelliteID folder | couldn't receive satellite's GE status
    """),
    "gracefulexit:chore": _messages("""
        checking pending exits | error retrieving satellites. | exiting | failed to marshal exit completed message. |
        failed to marshal exit failed message. | finished | graceful exit completed. | graceful exit failed. | no satellites found |
        skipping for satellite, worker already exists. | started | unknown graceful exit message. | worker failed
    """),
    "gracefulexit:endpoint": _messages("""
        graceful exit: get satellite address | graceful exit: get satellite domain name | graceful exit: get space used by satellite |
        initialize graceful exit: GetSatellitesList | initialize graceful exit: retrieve satellite address |
        initialize graceful exit: retrieve space used | initialize graceful exit: save info into satellites table |
        initialize graceful exit: start
    """),
    "gracefulexit:service": _messages("""
        failed to delete all pieces | failed to delete piece | failed to get piece size | failed to get satellite address
    """),
    "hashstore": _messages("""
        beginning compaction | compact once finished | compact once started | compaction acquired locks | compaction computed details |
        compaction failed | failed to report bad piece to amnesty | finished compaction | hashstore opened successfully |
        hashtbl rewritten | including log due to no rewrite candidates | loaded hint file | matched log tail | mismatched log tail |
        reconciled log with invalid records | records rewritten | trashed record was read | unable to revive record |
        unable to write hint file | unclean shutdown detected: reconciling logs
    """),
    "healthcheck": _messages("""
        Failed to encode health check response
    """),
    "lazyfilewalker": _messages("""
        Database started | bloomfilter createdBefore time does not match the one used in the last scan |
        failed to decode response from subprocess | failed to determine mtime of blob | failed to get progress from database |
        failed to get total used space from the database | failed to notify main process |
        failed to notify main process about pieces to trash | failed to reset progress in database |
        failed to save progress in the database | failed to start subprocess | failed to store the batch of prefixes |
        failed to store the last batch of prefixes | failed to unmarshal data from subprocess | failed to write to stdout |
        found a trash piece | gc-filewalker completed | gc-filewalker did not complete | gc-filewalker failed | gc-filewalker started |
        resetting progress in database | starting subprocess | stored blob has invalid pieceID | subprocess exited with error |
        subprocess exited with status | subprocess finished successfully | subprocess started | trash-filewalker completed |
        trash-filewalker failed | trash-filewalker started | trashing piece | used-space-filewalker completed |
        used-space-filewalker failed | used-space-filewalker started |
        failed to create logger | failed to register logger sink | failed to set log encoding | logger sink already registered
    """),
    "multinode:bandwidth-endpoint": _messages("""
        bandwidth internal error
    """),
    "multinode:storage-endpoint": _messages("""
        disk space internal error
    """),
    "nodestats:cache": _messages("""
        Get disk space usage query failed | Get held amount query failed | Get pricing-model/join date failed | Get stats query failed |
        payouts err
    """),
    "orders": _messages("""
        clean archive failed | cleaning | cleaning filestore archive | cleanup finished | failed to archive orders |
        failed to settle orders for satellite | finished | listing orders | no orders to send | rpc client error when closing sender |
        rpc client when sending new orders settlements | sending |
        skipping order settlement for untrusted satellite. Order will be archived | unable to get satellite address
    """),
    "ordersfilestore": _messages("""
        Corrupted order detected in orders file
    """),
    "piecedeleter": _messages("""
        could not send delete piece to trash | delete piece sent to trash
    """),
    "pieceexpiration": _messages("""
        deleting expired pieces from chained db | deleting expired pieces from flat file store |
        failed to complete writes to piece expiration list | failed to create piece expiration directory |
        failed to flush piece expiration data | failed to flush writes to piece expiration list | failed to open piece expiration file |
        failed to truncate piece expiration file | not a piece expiration file | piece_expierations directory doesn't exist |
        truncating piece expiration file to a multiple of record size | unexpected file in piece expiration directory
    """),
    "piecemigrate:chore": _messages("""
        all enqueued for migration; will sleep before next pooling | cleanup removed empty prefix directories |
        couldn't close the reader | couldn't close the writer | couldn't delete zero-sized file | couldn't migrate |
        couldn't read satellite directory for cleanup | delaying before next piece | enqueued for migration |
        failed to enqueue for migration | migrated a piece | not in the old backend (we might have already processed it) |
        piece migration chore initialized | processed a bunch of pieces | removed empty satellite directory |
        skipping a piece that's not part of the migration plan |
        skipping empty directory cleanup: satellite is still writing to old backend
    """),
    "pieces": _messages("""
        Failed to calculate piece size, cannot update the cache | failed to migrate v0 piece. Piece may not be recoverable |
        lazyfilewalker failed | used-space-filewalker completed | used-space-filewalker failed | used-space-filewalker started
    """),
    "pieces:trash": _messages("""
        emptying trash failed | emptying trash finished | emptying trash started | restore trash failed | restore trash finished |
        restore trash started | starting to empty trash
    """),
    "piecestore": _messages("""
        New bloomfilter is received | could not get hash and order limit | delete failed | deleted | download canceled |
        download canceled (race lost or node shutdown) | download failed | download started | downloaded |
        error during canceling a piece write | error reading from piecereader | error seeking on piecereader |
        error sending hash and order limit | error sending response | failed to add bandwidth usage | failed to add order |
        failed to close piece reader | failed to set bloom filter | failed to unlock orders file | file found in trash |
        upload canceled | upload canceled (race lost or node shutdown) | upload failed | upload internal error |
        upload rejected, too many requests | upload started | uploaded |
        Failed to initialize CacheService. | Retain job not queued (queue is closed) | Retain job queued | failed to restore trash |
        restore trash failed | restore trash finished | restore trash started
    """),
    "piecestore:cache": _messages("""
        CacheServiceInit error during initializing space usage cache GetTotal: |
        CacheServiceInit error during initializing space usage cache GetTotalsForAllSatellites: |
        CacheServiceInit error during initializing space usage cache GetTrashTotal: |
        CacheServiceInit error during initializing space usage cache UpdatePieceTotalsForAllSatellites: |
        Startup piece scan omitted by configuration | encountered error while computing space used by satellite |
        error during init space usage db: | error getting all storing satellites: | error getting current used space for trash: |
        error persisting cache totals to the database: |
        Failed to initialize CacheService. | deleted piece | failed to delete piece | piecesContentSize < 0 | piecesTotal < 0 |
        satPiecesContentSize < 0 | satPiecesTotal < 0 | trashTotal < 0
    """),
    "piecestore:monitor": _messages("""
        Disk space is less than requested. Allocated space is | Remaining Bandwidth | Total disk space is less than required minimum |
        Used more space than allocated. Allocated space is | error during updating node information: | error notifying satellites: |
        error verifying location and/or readability of storage directory | error verifying writability of storage directory |
        readability check done | timed out while verifying readability of storage directory |
        timed out while verifying writability of storage directory | writability check done
    """),
    "preflight:localtime": _messages("""
        local system clock check is not enabled | local system clock is in sync with trusted satellites' system clock. |
        start checking local system clock with trusted satellites' system clock. | system clock is out of sync with satellite |
        unable to get satellite system time
    """),
    "reputation:chore": _messages("""
        failed to store reputation | reputation chore failed
    """),
    "reputation:service": _messages("""
        node scores updated | node scores worsened |
        failed to receive notification
    """),
    "retain": _messages("""
        About to delete piece id | About to move piece to trash | Moved pieces to trash during retain |
        Prepared to run a Retain request. | Retain job not queued (queue is closed) | Retain job queued |
        encountered an error while adding request to queue | encountered an error while removing request from queue |
        encountered error(s) while loading cache | failed to trash piece | retain pieces failed |
        no more BFs to process
    """),
    "server": _messages("""
        enable with: sysctl -w net.ipv4.tcp_fastopen=3 | existing kernel support for server-side tcp fast open detected |
        kernel support for server-side tcp fast open remains disabled. | kernel support for tcp fast open unknown
    """),
    "services": _messages("""
        service takes long to shutdown | slow shutdown | started | unexpected shutdown of a runner
    """),
    "trust": _messages("""
        Failed to fetch URLs from source | Failed to fetch URLs from source; used cache | Failed to refresh |
        Fetched URLs from source; updating cache | Satellite address updated; identity cache purged | Satellite is no longer trusted |
        Satellite is trusted | Scheduling next refresh | Unable to save list cache
    """),
    "usedserials": _messages("""
        ExpirationGracePeriod cannot be less than 30 minutes. Using default.
    """),
    "version": _messages("""
        Allowed minimum version from control server. | Running on allowed version. | failed to get process version info |
        running on version * | version not allowed/outdated
    """),
    "version:chore": _messages("""
        outdated software version
    """),
}
"""The root logger is ""; all parts of the lazy filewalkers are one family."""

UPDATER_MESSAGES = _messages("""
    Binary copied to store. | Check interval below minimum. Overriding it minimum. | Cleaning up old binary. | Command output. |
    Copying binary to store. | Current binary version | Download finished. | Download started. | Downloading versions. |
    Empty node ID. | Error creating new logger. | Error loading identity. | Error on should update version |
    Error retrieving binary version. | Error retrieving version info. | Error updating service. |
    Failed to determine if session is interactive. | Failed to remove backup binary. Consider removing manually. |
    Interrogate request received. | Process is not allowed | Restarting service. | Running on version | Service failed. |
    Service restarted successfully. | Service should be updated | Service should not be updated | Stop/Shutdown request received. |
    Unable to find storage node executable binary. | Unable to find storage node updater binary path. |
    Unexpected control request. | failed to marshal json for update failure | failed to read update failure file |
    failed to run binary | failed to write json for update failure
""")
"""Of the root logger of storagenode-updater."""
