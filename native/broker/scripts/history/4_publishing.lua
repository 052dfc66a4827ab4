-- The mode `publish`, and what is kept about a publisher.

-- The place of a publisher is `<first sequence> <count> <ids>;` for each batch, the last batch first. The ids are as
-- many as the count, with `-` for an update without an id; or only the first, if the others follow it. Returns the
-- sequence after the last batch. nil: the place is empty or unreadable.
local function next_in_line(place)
  local first, count = place:match('^(%d+) (%d+) [^;]+;')
  return first and first + count
end

-- The ids of a batch. nil: the place does not have it.
local function known_ids(place, first, count)
  return (';' .. place):match(';' .. whole(first) .. ' ' .. count .. ' ([^;]+);')
end

-- The place with one more batch, and with the oldest removed.
local older_batches = '^' .. ('[^;]*;'):rep(batches_kept - 1)
local function extended(place, first, count, ids)
  return whole(first) .. ' ' .. count .. ' ' .. ids .. ';' .. (place:match(older_batches) or place)
end

-- The id that was published under a key. nil: there is none, or only what a refusal leaves. Also returns the error,
-- if Redis refuses to say.
local function published(key)
  local id = redis.pcall('GET', key)
  if type(id) == 'table' then
    return nil, id.err
  end
  return id and id ~= '' and id or nil
end

-- The updates of a batch: each one's text, and its key if it has one. `publish` uses the other members; a table with
-- all members from the start never has to grow.
local function updates(count)
  local batch, next_key = {}, 4
  for i = 1, count do
    local key = ARGV[8 + 2 * i] == '1' and KEYS[next_key]
    next_key = key and next_key + 1 or next_key
    batch[i] = {text = ARGV[9 + 2 * i], key = key, same = false, answer = false, id = false, message = false}
  end
  return batch
end

-- The id of an update that is already in the history, or why it can't get there. nil: append it.
local function settled(update)
  if update.key then
    local id, problem = published(update.key)
    if id or problem then
      return id or problem
    end
  end
  update.text = object(update.text)
  if not update.text then
    return 'ERR the update is not a JSON object'
  end
  if #update.text > text_bytes_max then
    return 'ERR the update has more bytes than readers accept'
  end
  return nil
end

-- The answers to a batch, as kept in its publisher's place.
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
    -- WAIT waits for what its connection wrote last (Redis 7.2), and another connection may have written the batch.
    redis.call('SET', place, kept, 'PX', lifetime)
    return answered(ids, batch)
  end
  -- The earlier batch was refused, or met a Redis that had forgotten this script. Its publisher will send both again.
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
  local has_row = #new == #batch  -- Their ids are consecutive.
  local function remember(run, answers)
    local ids = {answers[1]}
    for i = 1, has_row and 0 or #batch do
      ids[i] = answers[i]:find('^%d') and answers[i] or '-'
    end
    return run('SET', place, extended(kept, first, #batch, table.concat(ids, ',')), 'PX', lifetime)
  end
  -- `refusal`: why new updates without an id are not in the history.
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
    remember(redis.call, all)  -- For WAIT, as above. A retry would get the same answers anyway.
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
        -- In this millisecond, others see an empty text.
        redis.pcall('SET', update.key, '', 'PX', 1)
      end
    end
  end
  if not refusal then
    return all
  end
  -- Undone by the same command, which was permitted just now.
  if appended == 0 then
    redis.call('SET', place, kept, 'PX', kept ~= '' and lifetime or 1)
    return refusal
  end
  has_row = false
  all = answers(refusal)
  remember(redis.call, all)
  return all
end
