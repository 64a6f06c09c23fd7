// SPDX-License-Identifier: Apache-2.0
// CORE-4: a host and a plugin that do not fit refuse each other with a message that says what to do; nothing crashes.
#include <elf.h>
#include <sys/stat.h>

#include <cstring>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plugin/elf.hpp"
#include "core/vault/crypto.hpp"
#include "tests/abi/plugin_world.hpp"

namespace dovetail::plugin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Refused {
  const char* flaw;
  const char* says;
  const char* advises;
};

class BrokenPlugin : public ::testing::TestWithParam<Refused> {};

TEST_P(BrokenPlugin, IsRefusedWithAMessageThatSaysWhatToDo) {
  const auto hangs = std::string_view(GetParam().flaw).find("hang") != std::string_view::npos;
  // The plugins that hang are waited for in full; the others have time for a loaded machine.
  PluginWorld world(hangs ? std::chrono::milliseconds(300) : std::chrono::seconds(60));
  const auto loaded = world.load("broken", std::string("fixture_") + GetParam().flaw);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::failed_precondition) << loaded.error().message;
  EXPECT_THAT(loaded.error().message,
              AllOf(HasSubstr(GetParam().flaw), HasSubstr(GetParam().says), HasSubstr(GetParam().advises)));
  EXPECT_THAT(world.host.plugins(), IsEmpty());
  // The host is as good as before.
  EXPECT_TRUE(world.load("broken", "fixture_none").ok());
}

INSTANTIATE_TEST_SUITE_P(
    Core4, BrokenPlugin,
    ::testing::Values(
        Refused{"older_major", "was built for plugin ABI 0, but this Dovetail speaks ABI 1",
                "Install a newer version of the plugin"},
        Refused{"newer_major", "was built for plugin ABI 2", "Upgrade Dovetail, or install an older version"},
        Refused{"newer_minor", "needs plugin ABI 1.3, but this Dovetail speaks 1.0",
                "Upgrade Dovetail, or install an older version"},
        Refused{"short_descriptor", "too short for ABI 1", "Build it again"},
        Refused{"endless_descriptor", "struct_size is 1000000", "Build it again"},
        Refused{"null_descriptor", "refuses this host", "for this Dovetail, or upgrade Dovetail"},
        Refused{"null_create", "create, destroy or get_capability is NULL", "Build it again"},
        Refused{"null_read_page", "read_page or test_connection is NULL", "Build it again"},
        Refused{"null_discover", "lacks a function of dovetail.discovery/1 (discover is NULL)", "Build it again"},
        Refused{"null_invoke", "lacks a function of dovetail.action/1 (invoke is NULL)", "Build it again"},
        Refused{"short_action_table", "table dovetail.action/1 has 8 bytes", "Build it again"},
        Refused{"short_table", "table dovetail.sync/1 has 16 bytes", "Build it again"},
        Refused{"endless_table", "table dovetail.sync/1 has 1000000 bytes", "Build it again"},
        Refused{"no_capability", "offers no capability", "for this Dovetail, or upgrade Dovetail"},
        Refused{"no_key", "without a usable key or version", "must be 1 to 63"},
        Refused{"changing_version", "describes itself differently", "Report it to the plugin's author"},
        Refused{"missing_symbol", "does not export dvt_plugin_query", "Use DOVETAIL_PLUGIN()"},
        Refused{"crash_in_constructor", "crashed when it was opened", "install another version"},
        Refused{"hang_in_constructor", "did not say who it is within 300 ms", "install another version"},
        Refused{"exit_in_constructor", "ended the process that opened it (exit status 0)", "install another version"},
        Refused{"crash_in_query", "crashed when it was opened", "install another version"},
        Refused{"hang_in_query", "did not say who it is within 300 ms", "install another version"},
        Refused{"throw_in_query", "threw an exception when it was asked who it is", "Report it"}),
    [](const auto& test) { return std::string(test.param.flaw); });

TEST(BrokenPlugins, AreToldApartByTheirMessages) {
  PluginWorld world;
  std::set<std::string> messages;
  for (const auto* flaw :
       {"older_major", "newer_major", "newer_minor", "short_descriptor", "null_descriptor", "null_create",
        "null_read_page", "null_discover", "null_invoke", "short_table", "short_action_table", "no_capability",
        "no_key", "missing_symbol", "crash_in_constructor", "exit_in_constructor", "throw_in_query"}) {
    const auto file = fixture(std::string("fixture_") + flaw).string();
    auto message = world.host.load({.key = "broken", .file = file}).error().message;
    message.erase(0, message.find(".so") + 3);
    EXPECT_TRUE(messages.insert(message).second) << flaw << message;
  }
}

class PluginFiles : public ::testing::Test {
protected:
  [[nodiscard]] Error refusal(const std::filesystem::path& file, std::string sha256 = {}) {
    auto loaded = world_.host.load({.key = "sample", .file = file, .sha256 = std::move(sha256)});
    EXPECT_FALSE(loaded.ok());
    return loaded.ok() ? internal("it was loaded") : std::move(loaded).error();
  }
  PluginWorld world_;
  const std::string good_ = read_file(fixture("sample"));
};

TEST_F(PluginFiles, ThatAreNotThere) {
  const auto error = refusal(world_.folder.path() / "none.so");
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_THAT(error.message, AllOf(HasSubstr("none.so"), HasSubstr("Check the plugin directory")));
}

TEST_F(PluginFiles, ThatAreTexts) {
  const auto error = refusal(world_.folder.write("text.so", "INPUT(libsample.so)\n"));
  EXPECT_THAT(error.message, AllOf(HasSubstr("is no shared object"), HasSubstr("Put the plugin's .so there")));
  EXPECT_THAT(refusal(world_.folder.write("empty.so", "")).message, HasSubstr("is no shared object"));
}

TEST_F(PluginFiles, ThatAreFoldersOrPipes) {
  EXPECT_THAT(refusal(world_.folder.path()).message, HasSubstr("is no regular file"));
  const auto fifo = world_.folder.path() / "fifo.so";
  ASSERT_EQ(::mkfifo(fifo.c_str(), S_IRUSR | S_IWUSR), 0);
  EXPECT_THAT(refusal(fifo).message, HasSubstr("is no regular file"));
}

TEST_F(PluginFiles, OfAnotherArchitecture) {
  const auto with = [&](std::size_t at, std::uint16_t value) {
    std::string bytes = good_;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return refusal(world_.folder.write("foreign.so", bytes)).message;
  };
#if defined(__x86_64__)
  EXPECT_THAT(
      with(offsetof(Elf64_Ehdr, e_machine), EM_AARCH64),
      AllOf(HasSubstr("another architecture (64-bit ARM)"), HasSubstr("Install the build of the plugin for x86-64")));
#endif
  EXPECT_THAT(with(offsetof(Elf64_Ehdr, e_machine), EM_ARM), HasSubstr("another architecture (32-bit ARM)"));
  EXPECT_THAT(with(offsetof(Elf64_Ehdr, e_machine), 60000), HasSubstr("machine number 60000"));
  EXPECT_THAT(with(offsetof(Elf64_Ehdr, e_type), ET_REL),
              AllOf(HasSubstr("no shared object"), HasSubstr("dovetail_add_plugin()")));
  std::string bytes = good_;
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(refusal(world_.folder.write("narrow.so", bytes)).message, HasSubstr("is not a 64-bit shared object"));
  bytes[EI_CLASS] = ELFCLASS64;
  bytes[EI_DATA] = ELFDATA2MSB;
  EXPECT_THAT(refusal(world_.folder.write("swapped.so", bytes)).message, HasSubstr("the other byte order"));
}

TEST_F(PluginFiles, ThatAreCutOff) {
  for (const std::size_t size :
       {std::size_t{4}, std::size_t{63}, std::size_t{64}, std::size_t{200}, good_.size() / 2, good_.size() - 1}) {
    EXPECT_THAT(refusal(world_.folder.write("cut.so", good_.substr(0, size))).message,
                AllOf(HasSubstr("is cut off or damaged"), HasSubstr("Install it again")));
  }
}

TEST_F(PluginFiles, ThatAreNotWhatTheManifestNames) {
  const auto error = refusal(fixture("sample"), std::string(64, 'a'));
  EXPECT_THAT(error.message, AllOf(HasSubstr("is not the file that its manifest names"),
                                   HasSubstr(vault::sha256_hex(good_)), HasSubstr("same version")));
  EXPECT_TRUE(world_.host.load({.key = "sample", .file = fixture("sample"), .sha256 = vault::sha256_hex(good_)}).ok());
}

TEST_F(PluginFiles, OfAnotherProvider) {
  const auto loaded = world_.host.load({.key = "other", .file = fixture("sample")});
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, AllOf(HasSubstr("the provider \"sample\""), HasSubstr("names it for \"other\""),
                                            HasSubstr("Correct the manifest")));
}

TEST_F(PluginFiles, AreNotEvenReadWhenTheManifestTellsThatTheyDoNotFit) {
  const auto loaded = world_.host.load({.key = "sample", .file = "/nonexistent/sample.so", .abi = AbiVersion{2, 0}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, AllOf(HasSubstr("plugin ABI 2"), HasSubstr("Upgrade Dovetail")));
  EXPECT_FALSE(std::filesystem::exists(world_.folder.path() / "plugins"));
}

TEST_F(PluginFiles, AreOpenedFromAPrivateCopyNamedByItsContent) {
  ASSERT_TRUE(world_.load("sample", "sample").ok());
  const auto copy = world_.folder.path() / "plugins" / (vault::sha256_hex(good_) + ".so");
  EXPECT_EQ(read_file(copy), good_);
  struct stat status {};
  ASSERT_EQ(::stat(copy.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0500U);
  ASSERT_EQ(::stat(copy.parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(PluginFiles, AreCopiedAnewWhenTheCopyIsNotWhatItsNameSays) {
  const auto copies = world_.folder.path() / "plugins";
  const auto copy = copies / (vault::sha256_hex(good_) + ".so");
  std::filesystem::create_directory(copies);
  std::filesystem::create_symlink(world_.folder.write("evil.so", "evil"), copy);
  ASSERT_TRUE(world_.load("sample", "sample").ok());
  EXPECT_FALSE(std::filesystem::is_symlink(copy));
  EXPECT_EQ(read_file(copy), good_);
}

TEST_F(PluginFiles, LeaveNoCopyWhenTheyAreRefused) {
  ASSERT_FALSE(world_.load("broken", "fixture_crash_in_constructor").ok());
  EXPECT_TRUE(std::filesystem::is_empty(world_.folder.path() / "plugins"));
}

TEST_F(PluginFiles, ThatCannotBeKept) {
  static_cast<void>(world_.folder.write("plugins", "a file where the folder should be"));
  const auto error = refusal(fixture("sample"));
  EXPECT_EQ(error.code, ErrorCode::unavailable);
  EXPECT_THAT(error.message, HasSubstr("data directory"));
}

TEST(PluginHost, CannotBeTalkedOverByAPluginThatWritesToItsOutput) {
  PluginWorld world;
  const auto loaded = world.load("broken", "fixture_chatter_in_constructor");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ((*loaded)->info().key, "broken");
}

TEST(PluginHost, LoadsAPluginOnceAlsoWhenManyAskAtOnce) {
  PluginWorld world;
  std::vector<Plugin*> got(8);
  {
    std::vector<std::jthread> threads;
    threads.reserve(got.size());
    for (auto& plugin : got) {
      threads.emplace_back([&] {
        auto loaded = world.load("sample", "sample");
        plugin = loaded.ok() ? *loaded : nullptr;
      });
    }
  }
  ASSERT_NE(got[0], nullptr);
  EXPECT_EQ(std::set<Plugin*>(got.begin(), got.end()).size(), 1U);
  EXPECT_EQ(world.host.plugins().size(), 1U);
}

TEST(PluginHost, KeepsWhatIsLoadedWhenAnotherContentIsAskedFor) {
  PluginWorld world;
  ASSERT_TRUE(world.load("sample", "sample").ok());
  const auto other = world.host.load({.key = "sample", .file = fixture("sample"), .sha256 = std::string(64, '0')});
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, AllOf(HasSubstr("already loaded"), HasSubstr("start a new one")));
}

TEST(PluginHost, ProbesWithoutLoading) {
  PluginWorld world;
  const auto probed = world.host.probe(fixture("sample"));
  ASSERT_TRUE(probed.ok()) << probed.error().message;
  EXPECT_EQ(probed->info.key, "sample");
  EXPECT_EQ(probed->info.version, "1.2.3");
  EXPECT_EQ(probed->info.capabilities,
            (std::vector<std::string>{"dovetail.sync/1", "dovetail.discovery/1", "dovetail.action/1"}));
  EXPECT_EQ(probed->sha256, vault::sha256_hex(read_file(fixture("sample"))));
  EXPECT_THAT(world.host.plugins(), IsEmpty());
}

TEST(PluginHost, SaysWhenTheProbeProgramIsMissing) {
  TemporaryFolder folder;
  PluginHost host({.folder = folder.path() / "plugins", .probe = {.program = folder.path() / "none"}});
  const auto loaded = host.load({.key = "sample", .file = fixture("sample")});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::unavailable);
  EXPECT_THAT(loaded.error().message, HasSubstr("Install it beside dovetail"));
}

TEST(ElfCheck, SurvivesAnyDamageToTheHeaders) {
  const auto good = read_file(fixture("sample"));
  ASSERT_TRUE(check_shared_object("x", good).ok());
  for (std::size_t at = 0; at < 1024; ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
      static_cast<void>(check_shared_object("x", bytes));
    }
  }
}

TEST(ProbeAnswer, ReadsWhatItWritesAndNothingElse) {
  const PluginInfo info{.key = "k", .version = "1.0.0", .abi = {1, 2}, .capabilities = {"dovetail.sync/1"}};
  EXPECT_EQ(*read_probe_answer(probe_answer(info)), info);
  const auto refused = read_probe_answer(probe_answer(failed_precondition("no \"way\"")));
  EXPECT_EQ(refused.error().message, "no \"way\"");
  for (const auto* text : {"", "{", "[]", "{}", R"({"plugin":7})", R"({"plugin":{"abi":{"major":-1,"minor":0}}})"}) {
    EXPECT_EQ(read_probe_answer(text).error().code, ErrorCode::data_loss) << text;
  }
}

} // namespace
} // namespace dovetail::plugin
