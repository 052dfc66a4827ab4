-- The modes of those who read: `lose` and `adopt`, which is what is left.

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
