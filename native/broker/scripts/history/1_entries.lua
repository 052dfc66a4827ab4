-- The history of updates, in one Redis stream. Only this script writes to it. The files of this folder are one
-- script, in the order of their names.
--
-- An entry's id is `<epoch>-<sequence>`. The epoch is the millisecond at which the history began. Sequences count
-- from 1 without a gap. The fields of an entry:
--   message  the update's JSON, with its id as the last member
--   bytes    how many bytes of messages this history has held, up to and including this one
--   adopted  1, if the message was published by a bare PUBLISH and adopted; or the id under which it was adopted, if
--            that was in an earlier epoch
-- An entry that records a loss (`lose`) has an empty message, and `bytes`. Any other entry was written by someone
-- else, and counts as empty (`ours`).
--
-- Redis does not roll a script back. So whatever Redis may refuse (permissions, memory, a key's type) comes before the
-- append, or is undone: an update whose publisher gets an error is not in the history.
--
-- KEYS: the stream; what is kept about its server (`may_have_lost`); for `publish`, the publisher's place, and then
-- the keys that the application gave to updates, in the order of the updates; for `probe`, a key that never exists.
-- ARGV: mode; known id; most messages; most bytes of messages; the channel on which `publish` or `adopt` announces
-- what it appends (empty for other modes); "1" if the server acknowledges a write only after it is on disk, "0" if
-- not, "" if the caller can't tell, "moves" if servers may take each other's place (Sentinel, Cluster); then the
-- arguments of the mode:
--   open                                             -> {id of the end, run_id of the server or ""}
--   read     from ("-", or an id that is included), bytes of a page
--            -> {end, 1 if this is all, {id, message, id that it was adopted under or ""}, ...}
--   publish  lifetime of the place and of the keys in ms, sequence of the batch's first update, "1" if no earlier
--            batch is unanswered and "0" otherwise, then for each update: "1" if it has a key and "0" if not, message
--            -> for each update: its id, or why it is not in the history (an error's text)
--   probe                                            -> 1: a publish would be accepted now
--   adopt    cursor, then for each: message, ordinal   -> id of the end; nil: the cursor is too old
--   lose                                             -> id of the end: an entry without a message, which tells every
--            reader that something was lost before it could enter the history
-- "Known" is the greatest id that the caller has seen, "0-0" at its start. A history that ends before it has lost what
-- came after (a restart without a disk, a restored copy), and begins again in a new epoch. So does a history that may
-- have lost entries that no running process has seen.
--
-- A publisher numbers its updates, and sends them in batches. Its place keeps its last five batches (`batches_kept`),
-- so at most five may be unanswered. A batch that is sent again is the same batch, and gets the same answer, though
-- the ids may be from an earlier epoch by now. A batch behind unanswered ones must follow the place's last batch.
-- Otherwise an earlier one was refused or lost, and the answer is OUTOFORDER. A batch without unanswered ones before it
-- continues from wherever the place is, which may be forgotten or behind. Nothing before the place's end is ever
-- appended.
--
-- An update that is not a JSON object, is too large, or whose key holds something else, fails alone: it keeps its
-- number, and later ones don't wait for it. An error as the whole answer means that no update of the batch is in the
-- history.

-- Pub/Sub has no databases, so a channel has one history: in database 0, whichever database the caller has selected.
-- A caller without the right to select has selected none.
redis.pcall('SELECT', '0')

local history = KEYS[1]
local server_key = KEYS[2]
local mode = ARGV[1]
local known = ARGV[2]
local length_max = tonumber(ARGV[3])
local bytes_max = tonumber(ARGV[4])
local channel = ARGV[5]
local durable = ARGV[6]
local moves = durable == 'moves'

-- Lua numbers are exact up to here. A history that long begins a new epoch. Greater ids are made up.
local number_max = 9007199254740991
local no_limit = '9007199254740991'
-- A megabyte, which is more than writers may send; and the same with its id.
local text_bytes_max = 1048576
local message_bytes_max = text_bytes_max + 256
-- Entries that Redis copies for the script at once. Messages have at most a megabyte.
local page_entries = 16
-- What an entry of a page counts in addition to its message. It bounds the number of the shortest messages.
local entry_bytes = 320
-- Batches kept of a publisher: as many as it may have unanswered.
local batches_kept = 5

local last         -- The id of the end; it survives trimming. nil: there is no history.
local last_epoch, last_sequence
local oldest, newest  -- The first and the last entry when the history was opened.
local length       -- How many entries there are.
local bytes_total  -- Bytes of messages of this history, including those no longer in it.
local begun_epoch = 0  -- The last epoch kept with the server, which may outlive the stream.

local function whole(number)
  return string.format('%.0f', number)
end

-- The two numbers of an id. nil: this script never gives such an id.
local function parts(id)
  local epoch, sequence = id:match('^(%d+)%-(%d+)$')
  epoch, sequence = tonumber(epoch), tonumber(sequence)
  if epoch and epoch < number_max and sequence <= number_max then
    return epoch, sequence
  end
  return nil
end

local known_epoch, known_sequence = parts(known)
-- An id that no epoch could exceed is made up, too.
if not known_epoch or known_epoch + 1 >= number_max then
  known_epoch, known_sequence = 0, 0
end

local function stamp(id)
  return '"id":"' .. id .. '"}'
end

-- The number in `bytes`. nil: this script did not write it.
local function count(text)
  local number = #text <= 16 and (text == '0' or text:find('^[1-9]%d*$')) and tonumber(text)
  return number and number <= number_max and number or nil
end

-- The id of an adoption in an earlier epoch. nil: this script did not write it.
local function earlier_id(text)
  local epoch, sequence = parts(text)
  return epoch and text == whole(epoch) .. '-' .. whole(sequence) and text or nil
end

-- Reads an entry that this script wrote: its message, its `bytes`, and the id under which it was adopted (nil: it was
-- not). nil: someone else wrote the entry. An entry whose id has no `parts` is never ours.
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

-- The `bytes` of an entry that records a loss. nil: it does not.
local function bytes_of_loss(entry)
  local fields = entry[2]
  return #fields == 4 and fields[1] == 'message' and fields[2] == '' and fields[3] == 'bytes' and
    count(fields[4]) or nil
end

-- Iterates over all entries from `from` on, reading `size` at a time: each one's id, and what `ours` returns for it.
-- Skips entries whose id is made up.
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

-- The text of a JSON object, without a byte order mark and without surrounding space. nil: it is none. Its members
-- are not parsed.
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

-- The object with its id as the last member: of duplicate members the last one counts, so nothing that the publisher
-- wrote can hide the id.
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

-- How many entries to keep when the next one is appended. Removing single entries is expensive, so a hundredth goes
-- at once.
local function length_kept()
  return length < length_max and number_max or length_max - math.floor(length_max / 100)
end

-- Appends under `next_id`. `adopted`: the field's value; nil: not adopted. `kept`: the result of `length_kept`, or
-- more. `run` is redis.call, which raises Redis's error, or redis.pcall, with which the error is returned.
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

-- Raises Redis's error if this script may not append. Changes nothing.
local function require_append()
  -- No stream accepts that id, and Redis says so to every caller that may append.
  local answer = redis.pcall('XADD', history, '0-0', 'message', '')
  if not answer.err:find('must be greater than 0-0', 1, true) then
    redis.call('XADD', history, '0-0', 'message', '')
  end
end

-- Whether an entry of ours may stay when so many bytes are added.
local function has_room(message, bytes, added)
  return message and bytes_total + added - (bytes - #message) <= bytes_max
end

-- Makes room for messages of so many bytes. XADD limits the number of entries; this limits their bytes, and removes
-- entries that are not ours first.
local function trim(added)
  if oldest then
    -- It may be gone by now: then those after it have even more room.
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

-- Every listener also reads the history, so a refusal to publish (by permissions) undoes nothing.
local function tell(name, message)
  redis.pcall('PUBLISH', name, message)
end
