#include "broker/history/history_command.hpp"

namespace regstream::broker {
namespace {

struct QuestionOf {
  Question operator()(const ScriptCall& call) const { return std::visit(*this, call.mode); }
  Question operator()(const OpenHistory& /*open*/) const { return Question::open; }
  Question operator()(const ReadHistory& /*read*/) const { return Question::page; }
  Question operator()(const PublishBatch& /*batch*/) const { return Question::publish; }
  Question operator()(const ProbePublishing& /*probe*/) const { return Question::probe; }
  Question operator()(const Adopt& /*adopt*/) const { return Question::adoption; }
  Question operator()(const RecordLoss& /*loss*/) const { return Question::loss; }
  Question operator()(const LoadScript& /*load*/) const { return Question::script; }
  Question operator()(const AskDurability& /*ask*/) const { return Question::durability; }
  Question operator()(const AskServer& /*ask*/) const { return Question::server; }
  Question operator()(const AskDeployments& /*ask*/) const { return Question::deployments; }
  Question operator()(const AskIdentity& /*ask*/) const { return Question::identity; }
  Question operator()(const AskSentinel& /*ask*/) const { return Question::location; }
  Question operator()(const AskSlots& /*ask*/) const { return Question::slots; }
  Question operator()(const AwaitReplicas& /*await*/) const { return Question::replicas; }
  Question operator()(const SubscribeChannels& /*subscribe*/) const { return Question::channels; }
  Question operator()(const ProbeChannel& /*probe*/) const { return Question::channel_probe; }
  Question operator()(const AwaitHistory& /*await*/) const { return Question::entries; }
};

}  // namespace

Question question_of(const HistoryCommand& command) {
  return std::visit(QuestionOf{}, command);
}

}  // namespace regstream::broker
