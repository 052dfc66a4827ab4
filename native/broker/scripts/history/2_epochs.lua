-- When the history begins again in a new epoch. Ids can be compared within one epoch only.

-- Where servers may take each other's place, two servers that don't know each other's epochs may begin the same one:
-- in the same millisecond, or after an epoch that a wrong clock put into the future. So each adds some milliseconds
-- of its own, up to a minute.
local function own_milliseconds()
  local replid = moves and redis.call('INFO', 'replication'):match('master_replid:(%x%x%x%x)')
  return replid and tonumber(replid, 16) or 0
end

-- Begins a new epoch, greater than any that was seen. The entries that are still there get new ids in it: nobody has
-- to miss an update because others were lost.
--
-- The clock alone does not make epochs different: a stream may be evicted in the millisecond in which it began, and
-- begin again for a caller that sent ahead and has not seen it.
local function begin_epoch()
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local epoch = math.max(now, known_epoch + 1, begun_epoch + 1, last and last_epoch + 1 or 0)
  local kept = {}
  for id, message, _, adopted in entries('-', page_entries) do
    if message then
      epoch = math.max(epoch, parts(id) + 1)
      kept[#kept + 1] = {unstamped(message, id), adopted}
    end
  end
  epoch = epoch + own_milliseconds()
  if epoch >= number_max then
    epoch = now  -- Only made-up ids are that great.
  end
  if not last or epoch <= last_epoch then
    -- If there is a stream, its end is made up, and it accepts no smaller id.
    require_append()
    redis.call('DEL', history)
  end
  -- One step removes everything and sets the new end, so a refusal loses nothing.
  last_epoch, last_sequence = epoch, 0
  last = whole(epoch) .. '-0'
  bytes_total = 0
  oldest, newest, length = nil, nil, 0
  redis.call('XADD', history, 'MAXLEN', 0, last, 'message', '')
  for _, entry in ipairs(kept) do
    local id = next_id()
    append(redis.call, id, stamped(entry[1], id), entry[2], length_kept())
  end
end

-- The `bytes` at the end of a stream whose last entry is someone else's: taken from one of ours shortly before it.
-- nil: there is none.
local function bytes_before_end()
  local from = whole(last_epoch) .. '-' .. whole(math.max(last_sequence - page_entries, 0))
  local found
  for _, message, bytes in entries(from, page_entries + 1) do
    found = message and bytes or found
  end
  return found
end

-- Whether acknowledged writes may be missing, so that their ids would be given again: the server is not the one that
-- wrote last, and that one did not have each write on disk.
--
-- `master_replid` changes with each start, and with each promotion, which may lose writes even of a server that syncs
-- them. It also changes when the last replica was gone for long. Then the process is still the same, and there is no
-- second id, which a promotion leaves. Where servers may take each other's place, that proves nothing: maybe nobody
-- asked between the promotion and the end of the second id. There, any other `master_replid` is doubtful; a disk does
-- not help, since it may be another server's.
--
-- Returns whether writes may be missing; what to keep about the server (nil: not known), to which the epoch is
-- appended; and whether that is new.
--
-- A caller that may not ask INFO is served as if nothing had happened. Where servers may take each other's place, it
-- gets Redis's error instead. A key of another type counts as missing, and is replaced.
local function may_have_lost()
  local info = moves and redis.call('INFO', 'replication') or redis.pcall('INFO', 'replication')
  local kept = redis.pcall('GET', server_key)
  if type(kept) == 'table' and kept.err:find('^WRONGTYPE') then
    kept = ''
  end
  local replid = type(info) == 'string' and info:match('master_replid:(%x+)')
  -- A replica shows its primary's data.
  if not replid or type(kept) == 'table' or info:find('role:slave', 1, true) then
    return false, nil
  end
  local kept_replid, kept_run, kept_durable, epoch = (kept or ''):match('^(%x+) (%x+) ([01]) ?(%d*)$')
  begun_epoch = tonumber(epoch) or 0
  if moves or not info:find('connected_slaves:0', 1, true) then
    durable = '0'  -- A lagging replica may later start as a primary, with what is kept here.
  end
  if kept_replid == replid and (durable == '' or durable == kept_durable) then
    return false, kept_replid .. ' ' .. kept_run .. ' ' .. kept_durable, false
  end
  local run = redis.call('INFO', 'server'):match('run_id:(%x+)')
  if not run then
    return false, nil
  end
  local is_promoted = not info:find('master_replid2:' .. ('0'):rep(40), 1, true)
  local is_same = kept_replid == replid or (kept_run == run and not is_promoted and not moves)
  -- Without its append-only file it has loaded an older dump.
  local has_all = is_same or (kept_durable == '1' and not is_promoted and
    redis.call('INFO', 'persistence'):find('aof_enabled:1', 1, true))
  local is_durable = durable ~= '' and durable or is_same and kept_durable or '0'
  return not has_all, replid .. ' ' .. run .. ' ' .. is_durable, true
end

-- Whether the stream exists and may continue. Sets its end.
local function is_whole()
  local info = redis.pcall('XINFO', 'STREAM', history)
  if info.err then
    if not info.err:find('no such key', 1, true) then
      redis.call('XINFO', 'STREAM', history)
    end
    return false
  end
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      last = info[i + 1]
    elseif info[i] == 'length' then
      length = info[i + 1]
    elseif info[i] == 'first-entry' then
      oldest = info[i + 1]
    elseif info[i] == 'last-entry' then
      newest = info[i + 1]
    end
  end
  last_epoch, last_sequence = parts(last)
  if not last_epoch then
    last = nil
    return false
  end
  if not newest then
    bytes_total = 0
  else
    local _, bytes
    if newest[1] == last then
      _, bytes = ours(newest)
      bytes = bytes or bytes_of_loss(newest)
    end
    bytes_total = bytes or bytes_before_end()
  end
  return bytes_total and last_sequence < number_max and bytes_total < number_max - message_bytes_max and
    (last_epoch > known_epoch or (last_epoch == known_epoch and last_sequence >= known_sequence))
end

local function open()
  local is_doubtful, server, is_new = may_have_lost()
  if is_doubtful then
    -- Checks before any change whether this key may be written. An empty text means nothing.
    redis.call('SET', server_key, '', 'NX')
  end
  local begins = not is_whole() or is_doubtful
  if begins then
    begin_epoch()
  end
  if server and (begins or is_new) then
    -- If nothing is in doubt, a refusal can wait: the next call tries again.
    redis.pcall('SET', server_key, server .. ' ' .. whole(last_epoch))
  end
end
