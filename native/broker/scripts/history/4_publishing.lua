-- The mode `publish`, and what is kept of a publisher.

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
    if not ids then
      return redis.error_reply('ERR the updates are older than others that their publisher has sent')
    end
    -- WAIT waits for what its connection has written last (Redis 7.2), and this may be another connection
    -- than the one that wrote the batch.
    redis.call('SET', place, kept, 'PX', lifetime)
    return answered(ids, batch)
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
    remember(redis.call, all)  -- For WAIT, as above. What gave these answers gives them again.
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
