-- The history of updates, in one Redis stream. This script is the only thing that writes to it.
--
-- An entry's id is `<epoch>-<sequence>`: the epoch is the millisecond at which the history began,
-- and sequences count from 1 without a gap. Its fields:
--   message  the update's JSON, with its id as the last member
--   bytes    how many bytes of messages this history has held up to and with this one
--   adopted  1, if somebody published it by a bare PUBLISH; the id that it was adopted under, if that
--            was in an earlier epoch
-- An entry that tells of a loss (`lose`) has an empty message, and `bytes`. One that is not exactly this
-- was written by somebody else, and counts as empty (`ours`).
--
-- Redis does not roll a script back. So an update whose publisher gets an error is not in the history:
-- what Redis may refuse (permissions, memory, a key's type) comes before the append, or is undone.
--
-- KEYS: the stream; what is known of the server that has it (`may_have_lost`); for `publish`, the
-- publisher's place, and then the key of each update that its application gave one, in their order; for
-- `probe`, a key that is never there.
-- ARGV: mode, known id, most messages, most bytes of messages, the channel on which `publish` or `adopt`
-- tells what it appends (empty for other modes), "1" if the server acknowledges a write only when it is
-- on the disk, "0" if not, "" if the caller can't tell, "moves" if servers take each other's place
-- (Sentinel, Cluster); then what the mode takes:
--   open                                             -> {id of the end, run_id of the server or ""}
--   read     from ("-", or an id that is included), bytes of a page
--            -> {end, 1 if this is all, {id, message, id that it was adopted under or ""}, ...}
--   publish  lifetime of the place and of the keys in ms, sequence of the batch's first update, "1" if
--            none that was sent before is unanswered and "0" otherwise, then for each update: "1" if it
--            has a key and "0" if not, message
--            -> for each update: its id, or why it is not in the history (an error's text)
--   probe                                            -> 1: a publish would be taken now
--   adopt    cursor, then for each: message, ordinal   -> id of the end; nil: the cursor is too old
--   lose                                             -> id of the end: an entry without a message, by
--            which every reader learns that something was lost before it could enter the history
-- "Known" is the greatest id that the caller has met, "0-0" at its start. A history that ends
-- before it has lost what came after (a restart without a disk, a restored copy), and begins anew.
-- So does one that may have lost what nobody alive has met.
--
-- A publisher numbers its updates, and sends them in batches. Its place keeps its last five batches
-- (`batches_kept`), so no more may be unanswered at a time. A batch that is sent again is the same one,
-- and gets the same answer, though the ids may be of an earlier epoch by now. A batch that is behind
-- unanswered ones has to follow on the place's last: otherwise one before it was refused, or lost, and
-- the answer is OUTOFORDER. One with no unanswered one before it goes on from wherever the place is,
-- which may be forgotten, or behind. What is before the place's end is never appended.
--
-- An update that is no JSON object, too large, or whose key holds something else, fails alone: it has
-- its number, and those behind it don't wait for it. An error as the whole answer means that no update
-- of the batch is in the history.

-- Pub/Sub has no databases, so a channel has one history: in database 0, whichever the caller has
-- selected. One without the right to select has selected none.
redis.pcall('SELECT', '0')

local history = KEYS[1]
local server_key = KEYS[2]
local mode = ARGV[1]
local known = ARGV[2]
local length_max = tonumber(ARGV[3])
local bytes_max = tonumber(ARGV[4])
local channel = ARGV[5]
local durable = ARGV[6]

-- A Lua number counts exactly up to here; a history that long begins a new epoch. Greater ids are made up.
local number_max = 9007199254740991
local no_limit = '9007199254740991'
-- A megabyte, which is more than writers may send, and its id.
local text_bytes_max = 1048576
local message_bytes_max = text_bytes_max + 256
-- Messages are at most a megabyte: what Redis copies for a script at once.
local page_entries = 16
-- What an entry of a page counts beside its message: so many of the shortest are few enough for readers.
local entry_bytes = 320
-- Of a publisher: as many as it may have on their way.
local batches_kept = 5

local last         -- The id of the end; it survives trimming. nil: there is no history.
local last_epoch, last_sequence
local oldest, newest  -- The first entry and the last, as they were when the history was opened.
local length       -- How many entries there are.
local bytes_total  -- Bytes of messages of this history, those included that it no longer holds.
local begun_epoch = 0  -- The last that is kept of the server, which may outlive the stream.

local function whole(number)
  return string.format('%.0f', number)
end

-- The two numbers of an id; nil if it is none that this script gives.
local function parts(id)
  local epoch, sequence = id:match('^(%d+)%-(%d+)$')
  epoch, sequence = tonumber(epoch), tonumber(sequence)
  if epoch and epoch < number_max and sequence <= number_max then
    return epoch, sequence
  end
  return nil
end

local known_epoch, known_sequence = parts(known)
-- One that no epoch could exceed is made up, too.
if not known_epoch or known_epoch + 1 >= number_max then
  known_epoch, known_sequence = 0, 0
end

local function stamp(id)
  return '"id":"' .. id .. '"}'
end

-- The number that `bytes` says; nil if this script did not write it.
local function count(text)
  local number = #text <= 16 and (text == '0' or text:find('^[1-9]%d*$')) and tonumber(text)
  return number and number <= number_max and number or nil
end

-- The id of an adoption in an earlier epoch; nil if this script did not write it.
local function earlier_id(text)
  local epoch, sequence = parts(text)
  return epoch and text == whole(epoch) .. '-' .. whole(sequence) and text or nil
end

-- What an entry says that this script wrote: its message, its `bytes`, and the id that it was adopted
-- under (nil: it was not). nil if somebody else wrote the entry; one whose id has no `parts` is never ours.
local function ours(entry)
  local id, fields = entry[1], entry[2]
  if fields[1] ~= 'message' or fields[3] ~= 'bytes' or
    (#fields ~= 4 and (#fields ~= 6 or fields[5] ~= 'adopted')) then
    return nil
  end
  local message, bytes, adopted = fields[2], count(fields[4]), fields[6]
  local end_of_ours = stamp(id)
  if not bytes or bytes < #message or #message > message_bytes_max or
    message:sub(1, 1) ~= '{' or message:sub(-#end_of_ours) ~= end_of_ours then
    return nil
  end
  if adopted then
    adopted = adopted == '1' and id or earlier_id(adopted)
    if not adopted then
      return nil
    end
  end
  return message, bytes, adopted
end

-- What `bytes` of an entry says that tells of a loss; nil if it is none.
local function bytes_of_loss(entry)
  local fields = entry[2]
  return #fields == 4 and fields[1] == 'message' and fields[2] == '' and fields[3] == 'bytes' and
    count(fields[4]) or nil
end

-- All entries from `from` on, a page of `size` at a time: each one's id, and what `ours` says of it.
-- Those with an id that nobody can count by are left out.
local function entries(from, size)
  local page, index = nil, 0
  return function()
    while not page or index < #page or index == size do
      if not page or index == size then
        page = redis.call('XRANGE', history, from, '+', 'COUNT', size)
        index = 0
      end
      index = index + 1
      local entry = page[index]
      if not entry then
        return nil
      end
      from = '(' .. entry[1]
      if parts(entry[1]) then
        return entry[1], ours(entry)
      end
    end
    return nil
  end
end

-- The text of a JSON object, without a byte order mark and without space around it; nil if it is none.
-- Its members are not read.
local function object(text)
  local from = text:find('[^ \t\r\n]', text:sub(1, 3) == '\239\187\191' and 4 or 1)
  local to = #text
  while to > 0 and text:find('^[ \t\r\n]', to) do
    to = to - 1
  end
  if from and from < to and text:sub(from, from) == '{' and text:sub(to, to) == '}' then
    return text:sub(from, to)
  end
  return nil
end

-- The object with its id, last: of a name given twice the last one counts, so that nothing that the
-- publisher wrote can hide it.
local function stamped(text, id)
  local members = text:sub(1, -2)
  local comma = members:find('^{[ \t\r\n]*$') and '' or ','
  return members .. comma .. stamp(id)
end

local function unstamped(message, id)
  local members = message:sub(1, -#stamp(id) - 1)
  if members:sub(-1) == ',' then
    members = members:sub(1, -2)
  end
  return members .. '}'
end

local function next_id()
  return whole(last_epoch) .. '-' .. whole(last_sequence + 1)
end

-- How many entries stay when the next one is appended. Taking away single ones is dear, so that a
-- hundredth goes at once where there are too many.
local function length_kept()
  return length < length_max and number_max or length_max - math.floor(length_max / 100)
end

-- Under `next_id`. `adopted`: the field; nil if nobody adopts it. `kept`: as `length_kept` says, or
-- more. `run` is redis.call, which raises Redis's error, or redis.pcall, with which the error is
-- returned.
local function append(run, id, message, adopted, kept)
  local total = bytes_total + #message
  local limit = kept == number_max and no_limit or whole(kept)
  local answer
  if adopted then
    answer = run('XADD', history, 'MAXLEN', limit, id,
      'message', message, 'bytes', whole(total), 'adopted', adopted)
  else
    answer = run('XADD', history, 'MAXLEN', limit, id, 'message', message, 'bytes', whole(total))
  end
  if type(answer) == 'table' then
    return answer
  end
  last, last_sequence = id, last_sequence + 1
  bytes_total = total
  length = math.min(length + 1, kept)
  return nil
end

-- Raises Redis's error if it does not let this script append. Changes nothing.
local function require_append()
  -- No stream takes that id, and Redis says so to whoever may append.
  local answer = redis.pcall('XADD', history, '0-0', 'message', '')
  if not answer.err:find('must be greater than 0-0', 1, true) then
    redis.call('XADD', history, '0-0', 'message', '')
  end
end

-- Where servers take each other's place, two that know nothing of each other's epochs may begin one after
-- the same: in the same millisecond, or after one that a wrong clock has put into the future. So that it
-- is not the same one, each adds some milliseconds of its own, of at most a minute.
local function own_milliseconds()
  local replid = durable == 'moves' and redis.call('INFO', 'replication'):match('master_replid:(%x%x%x%x)')
  return replid and tonumber(replid, 16) or 0
end

-- A new epoch, greater than any that was met. What the history still holds is given new ids in it:
-- nobody has to miss an update because others were lost.
--
-- The clock alone does not tell epochs apart: a stream may be evicted in the millisecond in which it
-- began, and begin again for a caller that has sent ahead, and has not met it.
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
    -- Where there is a stream, its end is made up, and lets in no lesser id.
    require_append()
    redis.call('DEL', history)
  end
  -- One step takes all away and leaves the new end, so that a refusal loses nothing.
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

-- What `bytes` says at the end of the stream, whose last entry is somebody else's: as one of ours not
-- far before it says. nil if there is none.
local function bytes_before_end()
  local from = whole(last_epoch) .. '-' .. whole(math.max(last_sequence - page_entries, 0))
  local found
  for _, message, bytes in entries(from, page_entries + 1) do
    found = message and bytes or found
  end
  return found
end

-- Whether acknowledged writes may be missing, so that their ids would be given to others: the server is
-- not the one that wrote last, and that one did not have each write on its disk.
--
-- `master_replid` is another one after each start, and after each promotion, which may lose writes even
-- of a server that syncs them. It also changes when the last replica has been gone for long; then the
-- process is the same, and has no second id, which a promotion leaves. Where servers take each other's
-- place, that is no proof: nobody may have asked between the promotion and the end of the second id. Any
-- other `master_replid` is in doubt there; a disk does not help, since it may be another server's.
--
-- Gives whether it is so; what is to be kept of the server (nil: nobody knows), behind which the epoch
-- stands; and whether that is new.
--
-- Who may not ask for these is served as if nothing had happened, but where servers take each other's
-- place: there he gets Redis's error. A key of another type says nothing of the server, as one that is
-- gone, and is replaced.
local function may_have_lost()
  local moves = durable == 'moves'
  local info = moves and redis.call('INFO', 'replication') or redis.pcall('INFO', 'replication')
  local kept = redis.pcall('GET', server_key)
  if type(kept) == 'table' and kept.err:find('^WRONGTYPE') then
    kept = ''
  end
  local replid = type(info) == 'string' and info:match('master_replid:(%x+)')
  -- A replica shows what its primary has.
  if not replid or type(kept) == 'table' or info:find('role:slave', 1, true) then
    return false, nil
  end
  local kept_replid, kept_run, kept_durable, epoch = (kept or ''):match('^(%x+) (%x+) ([01]) ?(%d*)$')
  begun_epoch = tonumber(epoch) or 0
  if moves or not info:find('connected_slaves:0', 1, true) then
    durable = '0'  -- A replica that lags may be started as a primary later, with what is kept here.
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
  -- Without its appendonly file it has loaded an older dump.
  local has_all = is_same or (kept_durable == '1' and not is_promoted and
    redis.call('INFO', 'persistence'):find('aof_enabled:1', 1, true))
  local is_durable = durable ~= '' and durable or is_same and kept_durable or '0'
  return not has_all, replid .. ' ' .. run .. ' ' .. is_durable, true
end

-- Whether the stream is there, and may go on. Its end is known then.
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
    -- Whether this may be written shows before anything has changed. An empty text says nothing.
    redis.call('SET', server_key, '', 'NX')
  end
  local begins = not is_whole() or is_doubtful
  if begins then
    begin_epoch()
  end
  if server and (begins or is_new) then
    -- Where nothing is in doubt, a refusal can wait: the next call tries again.
    redis.pcall('SET', server_key, server .. ' ' .. whole(last_epoch))
  end
end

-- Whether an entry of ours may stay where so many bytes are added.
local function has_room(message, bytes, added)
  return message and bytes_total + added - (bytes - #message) <= bytes_max
end

-- Makes room for messages of so many bytes. Their number is kept by XADD; this keeps their bytes, and
-- what is not ours goes first.
local function trim(added)
  if oldest then
    -- It may have gone since: then those after it have all the more room.
    local message, bytes = ours(oldest)
    if has_room(message, bytes, added) then
      return
    end
  end
  for id, next_message, next_bytes in entries('-', 1) do
    if has_room(next_message, next_bytes, added) then
      return
    end
    redis.call('XDEL', history, id)
    length = length - 1
  end
end

-- Who listens to a channel reads the history, too: a refusal, by permissions, takes back nothing.
local function tell(name, message)
  redis.pcall('PUBLISH', name, message)
end

if mode == 'open' then
  open()
  local info = redis.pcall('INFO', 'server')
  return {last, type(info) == 'string' and info:match('run_id:(%x+)') or ''}
end

if mode == 'read' then
  open()
  local reply = {last, 1}
  local room = tonumber(ARGV[8])
  for id, message, _, adopted in entries(ARGV[7], page_entries) do
    if room <= 0 then
      reply[2] = 0
      return reply
    end
    reply[#reply + 1] = {id, message or '', adopted or ''}
    -- The caller has the entry that it asks from: a page brings more than that one, however large.
    if id ~= ARGV[7] then
      room = room - #(message or '') - entry_bytes
    end
  end
  return reply
end

-- What a publish may have to do: all its commands, on its keys, none of which changes anything here.
if mode == 'probe' then
  redis.call('XRANGE', history, '-', '+', 'COUNT', 1)
  is_whole()
  redis.call('TIME')
  redis.call('GET', KEYS[3])
  redis.call('XADD', KEYS[3], 'NOMKSTREAM', '*', 'message', '')
  redis.call('XDEL', history, '0-0')
  redis.call('SET', KEYS[3], '', 'XX')
  redis.call('DEL', KEYS[3])
  return 1
end

-- The place of a publisher is `<first sequence> <count> <ids>;` for each batch, the last one first. The
-- ids are as many as the count, with `-` for an update that has none, or only the first where the others
-- follow on it. Gives the sequence after the last batch; nil if the place says nothing.
local function next_in_line(place)
  local first, count = place:match('^(%d+) (%d+) [^;]+;')
  return first and first + count
end

-- The ids of a batch, if the place has it.
local function known_ids(place, first, count)
  return (';' .. place):match(';' .. whole(first) .. ' ' .. count .. ' ([^;]+);')
end

-- A place with one batch more, and as many as are kept.
local older_batches = '^' .. ('[^;]*;'):rep(batches_kept - 1)
local function extended(place, first, count, ids)
  return whole(first) .. ' ' .. count .. ' ' .. ids .. ';' .. (place:match(older_batches) or place)
end

-- The id that was published under a key; nil if there is none, or only what a refusal leaves. And why
-- nobody can tell, if that is so.
local function published(key)
  local id = redis.pcall('GET', key)
  if type(id) == 'table' then
    return nil, id.err
  end
  return id and id ~= '' and id or nil
end

-- Each update of a batch: its text, and its key if it has one. The other members are `publish`'s; a table
-- that has all from the start needs no room later.
local function updates(count)
  local batch, next_key = {}, 4
  for i = 1, count do
    local key = ARGV[8 + 2 * i] == '1' and KEYS[next_key]
    next_key = key and next_key + 1 or next_key
    batch[i] = {text = ARGV[9 + 2 * i], key = key, same = false, answer = false, id = false, message = false}
  end
  return batch
end

-- The id of an update that is there already, or why it can't be there. nil: it is to be appended.
local function settled(update)
  if update.key then
    local id, problem = published(update.key)
    if id or problem then
      return id or problem
    end
  end
  update.text = object(update.text)
  if not update.text then
    return 'ERR the update is no JSON object'
  end
  if #update.text > text_bytes_max then
    return 'ERR the update has more bytes than readers take'
  end
  return nil
end

-- The answers to a batch, as its publisher's place has kept them.
local function answered(ids, batch)
  local epoch, sequence = parts(ids)
  local answers = {}
  if epoch then
    for i = 1, #batch do
      answers[i] = whole(epoch) .. '-' .. whole(sequence + i - 1)
    end
    return answers
  end
  for id in ids:gmatch('[^,]+') do
    local update = batch[#answers + 1]
    answers[#answers + 1] = id ~= '-' and id or update and settled(update) or 'ERR the update was refused'
  end
  return answers
end

if mode == 'publish' then
  local place, lifetime, first = KEYS[3], ARGV[7], tonumber(ARGV[8])
  local batch = updates((#ARGV - 9) / 2)
  local kept = redis.call('GET', place) or ''
  local next_sequence = next_in_line(kept)
  if not next_sequence then
    kept = ''
  elseif first < next_sequence then
    local ids = known_ids(kept, first, #batch)
    return ids and answered(ids, batch) or
      redis.error_reply('ERR the updates are older than others that their publisher has sent')
  end
  -- The other one was refused, or met a Redis that had forgotten this script. Its publisher will
  -- send both again.
  if ARGV[9] ~= '1' and first ~= next_sequence then
    return redis.error_reply('OUTOFORDER an update before these is not in the history')
  end

  local new, by_key = {}, {}
  for _, update in ipairs(batch) do
    update.same = update.key and by_key[update.key]
    update.answer = not update.same and settled(update)
    if not update.same and not update.answer then
      new[#new + 1] = update
      if update.key then
        by_key[update.key] = update
      end
    end
  end
  local has_row = #new == #batch  -- Their ids follow on each other.
  local function remember(run, answers)
    local ids = {answers[1]}
    for i = 1, has_row and 0 or #batch do
      ids[i] = answers[i]:find('^%d') and answers[i] or '-'
    end
    return run('SET', place, extended(kept, first, #batch, table.concat(ids, ',')), 'PX', lifetime)
  end
  -- `refusal`: why those that are new and have no id are not in the history.
  local function answers(refusal)
    local all = {}
    for i, update in ipairs(batch) do
      update = update.same or update
      all[i] = update.answer or update.id or refusal.err
    end
    return all
  end
  if #new == 0 then
    local all = answers()
    remember(redis.pcall, all)  -- A refusal does no harm: what gave these answers gives them again.
    return all
  end

  open()
  local added, prefix = 0, whole(last_epoch) .. '-'
  for number, update in ipairs(new) do
    update.id = prefix .. whole(last_sequence + number)
    update.message = stamped(update.text, update.id)
    added = added + #update.message
  end
  trim(added)
  local all = answers()
  remember(redis.call, all)
  local refusal
  for key, update in pairs(by_key) do
    local answer = refusal or redis.pcall('SET', key, update.id, 'PX', lifetime)
    refusal = answer.err and answer
  end
  local appended = 0
  for number, update in ipairs(new) do
    local length_after = number == #new and length_kept() or number_max
    refusal = refusal or append(redis.pcall, update.id, update.message, nil, length_after)
    if not refusal then
      tell(channel, update.message)
      appended = number
    else
      update.id = nil
      if update.key then
        -- Who asks in this millisecond sees an empty text.
        redis.pcall('SET', update.key, '', 'PX', 1)
      end
    end
  end
  if not refusal then
    return all
  end
  -- By the command that was allowed just now.
  if appended == 0 then
    redis.call('SET', place, kept, 'PX', kept ~= '' and lifetime or 1)
    return refusal
  end
  has_row = false
  all = answers(refusal)
  remember(redis.call, all)
  return all
end

if mode == 'lose' then
  open()
  -- Though another one may be the last entry: what was lost may have come after that.
  last = next_id()
  redis.call('XADD', history, 'MAXLEN', whole(length_kept()), last,
    'message', '', 'bytes', whole(bytes_total))
  return last
end

-- `adopt`: the caller has heard bare messages for which it has heard no adoption up to its cursor.
-- A message's ordinal says how many of that very text it holds by then, this one included; of these
-- as many are done as there are adoptions of that text after the cursor. So whoever asks, and
-- however often, each is appended once. An adoption keeps its first id for this: a history that
-- begins anew gives it another one, which is after every cursor.
open()
local cursor = ARGV[7]
local cursor_epoch, cursor_sequence = parts(cursor)
local first = entries('-', 1)()
local oldest_epoch, oldest_sequence = parts(first or last)
if first then
  oldest_sequence = oldest_sequence - 1
end
if not cursor_epoch or oldest_sequence > (oldest_epoch == cursor_epoch and cursor_sequence or 0) then
  return false  -- Adoptions after the cursor may have been trimmed.
end
local adopted = {}
for id, message, _, adopted_as in entries('(' .. cursor, page_entries) do
  if adopted_as then
    local epoch, sequence = parts(adopted_as)
    if epoch > cursor_epoch or (epoch == cursor_epoch and sequence > cursor_sequence) then
      local text = unstamped(message, id)
      adopted[text] = (adopted[text] or 0) + 1
    end
  end
end
for i = 8, #ARGV, 2 do
  local text = object(ARGV[i])
  if text and (adopted[text] or 0) < tonumber(ARGV[i + 1]) then
    adopted[text] = (adopted[text] or 0) + 1
    local id = next_id()
    local message = stamped(text, id)
    if #message <= message_bytes_max then
      trim(#message)
      append(redis.call, id, message, '1', length_kept())
      -- Not the channel of updates: whoever listens there has heard it already, as it was published.
      -- One connection hears both channels in one order.
      tell(channel, message)
    end
  end
end
return last
