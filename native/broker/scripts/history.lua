-- The history of updates, in one Redis stream. This script is the only thing that writes to it.
--
-- An entry's id is `<epoch>-<sequence>`: the epoch is the millisecond at which the history began,
-- and sequences count from 1 without a gap. Its fields:
--   message  the update's JSON, with its id as the last member
--   bytes    how many bytes of messages this history has held up to and with this one
--   adopted  1, if somebody published it by a bare PUBLISH; the id that it was adopted under, if that
--            was in an earlier epoch
--
-- KEYS: the stream; for `publish`, the key under which its id is remembered, and then, where it was
-- sent behind another update whose answer is still to come, that one's key; for `probe`, a key that
-- is never there.
-- ARGV: mode, known id, most messages, most bytes of messages, channel, then what the mode takes:
--   open                                             -> id of the end
--   read     from ("-", or an id that is included), bytes of a page
--            -> {end, 1 if this is all, {id, message, id that it was adopted under or ""}, ...}
--   publish  lifetime of the key in ms, message                   -> id
--   probe                                            -> 1: a publish would be taken now
--   adopt    cursor, then for each: message, ordinal   -> id of the end; nil: the cursor is too old
-- "Known" is the greatest id that the caller has met, "0-0" at its start. A history that ends
-- before it has lost what came after (a restart without a disk, a restored copy), and begins anew.

-- Pub/Sub has no databases, so there is one history: in database 0, whichever the caller has
-- selected. One without the right to select has selected none.
redis.pcall('SELECT', '0')

local history = KEYS[1]
local mode = ARGV[1]
local known = ARGV[2]
local length_max = ARGV[3]
local bytes_max = tonumber(ARGV[4])
local channel = ARGV[5]

-- A Lua number counts exactly up to here; a history that long begins a new epoch.
local sequence_max = 9007199254740991
-- Messages are at most a megabyte: what Redis copies for a script at once.
local page_entries = 16

local last         -- The id of the end; it survives trimming. nil: there is no history.
local bytes_total  -- Bytes of messages of this history, those included that it no longer holds.

local function whole(number)
  return string.format('%.0f', number)
end

local function parts(id)
  local epoch, sequence = id:match('^(%d+)%-(%d+)$')
  return tonumber(epoch), tonumber(sequence)
end

local function is_after(left, right)
  local left_epoch, left_sequence = parts(left)
  local right_epoch, right_sequence = parts(right)
  return left_epoch > right_epoch or (left_epoch == right_epoch and left_sequence > right_sequence)
end

-- The field `name` of what XRANGE gives as an entry; nil if somebody else's entry lacks it.
local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then
      return entry[2][i + 1]
    end
  end
  return nil  -- A value, which tonumber insists on.
end

-- All entries from `from` on, a page at a time.
local function entries(from)
  local page, index = nil, 0
  return function()
    if page and index == #page and index < page_entries then
      return nil
    end
    if not page or index == #page then
      page = redis.call('XRANGE', history, from, '+', 'COUNT', page_entries)
      index = 0
    end
    index = index + 1
    local entry = page[index]
    if entry then
      from = '(' .. entry[1]
    end
    return entry
  end
end

-- The text of a JSON object without space around it; nil if it is none. Its members are not read.
local function object(text)
  local from = text:find('[^ \t\r\n]')
  local to = #text
  while to > 0 and text:find('^[ \t\r\n]', to) do
    to = to - 1
  end
  if from and from < to and text:sub(from, from) == '{' and text:sub(to, to) == '}' then
    return text:sub(from, to)
  end
end

-- The object with its id, last: of a name given twice the last one counts, so that nothing that the
-- publisher wrote can hide it.
local function stamped(text, id)
  local members = text:sub(1, -2)
  local comma = members:find('^{[ \t\r\n]*$') and '' or ','
  return members .. comma .. '"id":"' .. id .. '"}'
end

local function unstamped(message, id)
  local members = message:sub(1, -#stamped('{}', id))
  if members:sub(-1) == ',' then
    members = members:sub(1, -2)
  end
  return members .. '}'
end

-- The id that an entry was adopted under, be it in an earlier epoch; nil if it was not.
local function adopted_as(entry)
  local adopted = field(entry, 'adopted')
  return adopted and (adopted:match('^%d+%-%d+$') or entry[1])
end

-- `adopted`: the field; nil if nobody adopts it.
local function append(text, adopted)
  local epoch, sequence = last:match('^(%d+)%-(%d+)$')
  local id = epoch .. '-' .. whole(tonumber(sequence) + 1)
  local message = stamped(text, id)
  local total = bytes_total + #message
  if adopted then
    redis.call('XADD', history, 'MAXLEN', length_max, id,
      'message', message, 'bytes', whole(total), 'adopted', adopted)
  else
    redis.call('XADD', history, 'MAXLEN', length_max, id,
      'message', message, 'bytes', whole(total))
  end
  last = id
  bytes_total = total
  return id, message
end

-- A new epoch, greater than any that was met. What the history still holds is given new ids in it:
-- nobody has to miss an update because others were lost.
local function begin_epoch()
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local epoch = math.max(now, parts(known) + 1, last and parts(last) + 1 or 0)
  local kept = {}
  if last then
    for entry in entries('-') do
      local message = field(entry, 'message')
      if message and field(entry, 'bytes') then
        kept[#kept + 1] = {unstamped(message, entry[1]), adopted_as(entry)}
      end
    end
    redis.call('DEL', history)
  end
  -- An empty history has an end as well: the entry's id stays when the entry has gone.
  last = whole(epoch) .. '-0'
  bytes_total = 0
  redis.call('XADD', history, last, 'message', '')
  redis.call('XDEL', history, last)
  for _, entry in ipairs(kept) do
    append(entry[1], entry[2])
  end
end

local function open()
  if redis.call('EXISTS', history) == 1 then
    local info = redis.call('XINFO', 'STREAM', history)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then
        last = info[i + 1]
      elseif info[i] == 'last-entry' then
        bytes_total = info[i + 1] and tonumber(field(info[i + 1], 'bytes')) or 0
      end
    end
    local _, sequence = parts(last)
    if sequence < sequence_max and not is_after(known, last) then
      return
    end
  end
  begin_epoch()
end

-- nil: there is none.
local function oldest_entry()
  return redis.call('XRANGE', history, '-', '+', 'COUNT', 1)[1]
end

-- Their number is kept by XADD; this keeps their bytes.
local function trim()
  local entry = oldest_entry()
  while entry do
    local before = (tonumber(field(entry, 'bytes')) or 0) - #(field(entry, 'message') or '')
    if bytes_total - before <= bytes_max then
      return
    end
    redis.call('XDEL', history, entry[1])
    entry = oldest_entry()
  end
end

if mode == 'open' then
  open()
  return last
end

if mode == 'read' then
  open()
  local reply = {last, 1}
  local room = tonumber(ARGV[7])
  for entry in entries(ARGV[6]) do
    if room <= 0 then
      reply[2] = 0
      return reply
    end
    local message = field(entry, 'bytes') and field(entry, 'message') or ''
    reply[#reply + 1] = {entry[1], message, adopted_as(entry) or ''}
    -- The caller has the entry that it asks from: a page brings more than that one, however large.
    if entry[1] ~= ARGV[6] then
      room = room - #message - 64
    end
  end
  return reply
end

-- What a publish needs of Redis: the stream, the rights, and writes that are not refused. Both
-- writes are of a key that is not there, and only change one that is.
if mode == 'probe' then
  oldest_entry()
  redis.call('XADD', KEYS[2], 'NOMKSTREAM', '*', 'message', '')
  redis.call('SET', KEYS[2], '', 'XX')
  return 1
end

if mode == 'publish' then
  local earlier = redis.call('GET', KEYS[2])
  if earlier then
    return earlier
  end
  -- The other one met a Redis that had forgotten this script. Its publisher will send both again.
  if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 0 then
    return redis.error_reply('OUTOFORDER the update before this one is not in the history')
  end
  local text = object(ARGV[7])
  if not text then
    return redis.error_reply('ERR the update is no JSON object')
  end
  open()
  local id, message = append(text)
  trim()
  redis.call('SET', KEYS[2], id, 'PX', ARGV[6])
  redis.call('PUBLISH', channel, message)
  return id
end

-- `adopt`: the caller has heard bare messages for which it has heard no adoption up to its cursor.
-- A message's ordinal says how many of that very text it holds by then, this one included; of these
-- as many are done as there are adoptions of that text after the cursor. So whoever asks, and
-- however often, each is appended once. An adoption keeps its first id for this: a history that
-- begins anew gives it another one, which is after every cursor.
open()
local cursor = ARGV[6]
local oldest = oldest_entry()
local oldest_epoch, oldest_sequence = parts(oldest and oldest[1] or last)
if oldest then
  oldest_sequence = oldest_sequence - 1
end
local cursor_epoch, cursor_sequence = parts(cursor)
if oldest_sequence > (oldest_epoch == cursor_epoch and cursor_sequence or 0) then
  return false  -- Adoptions after the cursor may have been trimmed.
end
local adopted = {}
for entry in entries('(' .. cursor) do
  local id = adopted_as(entry)
  if id and is_after(id, cursor) then
    local text = unstamped(field(entry, 'message'), entry[1])
    adopted[text] = (adopted[text] or 0) + 1
  end
end
for i = 7, #ARGV, 2 do
  local text = object(ARGV[i])
  if text and (adopted[text] or 0) < tonumber(ARGV[i + 1]) then
    adopted[text] = (adopted[text] or 0) + 1
    local _, message = append(text, '1')
    trim()
    -- Whoever listens to the channel has heard it already, as it was published. One connection hears
    -- both channels in one order.
    redis.call('PUBLISH', channel .. ':adopted', message)
  end
end
return last
