-- The modes for readers: `lose`, and `adopt` as the remaining one.

if mode == 'lose' then
  open()
  -- Even if the last entry already records a loss: this loss may have come after it.
  last = next_id()
  redis.call('XADD', history, 'MAXLEN', whole(length_kept()), last,
    'message', '', 'bytes', whole(bytes_total))
  return last
end

-- `adopt`: the caller has received bare messages, and no adoption of them up to its cursor. A message's ordinal says
-- how many messages with this text the caller holds by then, this one included. Of these, as many are done as there
-- are adoptions of the text after the cursor. So each message is appended once, whoever asks, and however often. An
-- adoption keeps its first id for this count: in a new epoch its entry gets another id, which is after every cursor.
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
      -- Not on the channel of updates: its listeners have already received the message, as it was published. One
      -- connection receives both channels in one order.
      tell(channel, message)
    end
  end
end
return last
