// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/elf.hpp"

#include <elf.h>

#include <bit>
#include <cstring>
#include <string>

#include <fmt/format.h>

namespace dovetail::plugin {

namespace {

static_assert(sizeof(void*) == 8, "the loader reads 64-bit ELF files only");
constexpr unsigned char own_byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

#if defined(__x86_64__)
constexpr Elf64_Half own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr Elf64_Half own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr Elf64_Half own_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr Elf64_Half own_machine = EM_S390;
#else
#error "name this machine's ELF number here"
#endif

std::string machine_name(Elf64_Half machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "64-bit ARM";
  case EM_ARM:
    return "32-bit ARM";
  case EM_386:
    return "32-bit x86";
  case EM_RISCV:
    return "RISC-V";
  case EM_PPC64:
    return "64-bit PowerPC";
  case EM_S390:
    return "S/390";
  default:
    return fmt::format("machine number {}", machine);
  }
}

Error refuse(std::string_view name, std::string_view what, std::string_view advice) {
  return failed_precondition(fmt::format("{} {}. {}", name, what, advice));
}

Status check_identity(std::string_view name, const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64) {
    return refuse(name, "is not a 64-bit shared object",
                  "Install the build of the plugin for " + machine_name(own_machine));
  }
  if (header.e_ident[EI_DATA] != own_byte_order) {
    return refuse(name, "was built for a machine of the other byte order",
                  "Install the build of the plugin for " + machine_name(own_machine));
  }
  if (header.e_machine != own_machine) {
    return refuse(name, fmt::format("was built for another architecture ({})", machine_name(header.e_machine)),
                  "Install the build of the plugin for " + machine_name(own_machine));
  }
  if (header.e_type != ET_DYN) {
    return refuse(name, "is an ELF file, but no shared object", "Link the plugin with dovetail_add_plugin()");
  }
  return {};
}

/// Mapping a file that ends before its segments do raises SIGBUS at the first touch of the missing part.
Status check_segments(std::string_view name, const Elf64_Ehdr& header, std::string_view bytes) {
  const auto cut = refuse(name, "is cut off or damaged: its headers name bytes behind its end", "Install it again");
  const std::uint64_t table_bytes = std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (header.e_phnum == 0 || header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > bytes.size() ||
      bytes.size() - header.e_phoff < table_bytes) {
    return cut;
  }
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_offset > bytes.size() || bytes.size() - segment.p_offset < segment.p_filesz) {
      return cut;
    }
  }
  // Not needed for loading, but it stands at the end: a file that was cut anywhere lacks it.
  const std::uint64_t sections = std::uint64_t{header.e_shnum} * header.e_shentsize;
  if (header.e_shoff > bytes.size() || bytes.size() - header.e_shoff < sections) {
    return cut;
  }
  return {};
}

} // namespace

Status check_shared_object(std::string_view name, std::string_view bytes) {
  if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
    return refuse(name, "is no shared object (it does not begin as an ELF file does)",
                  "Put the plugin's .so there, not a text, an archive or a link script");
  }
  Elf64_Ehdr header{};
  if (bytes.size() < sizeof header) {
    return refuse(name, "is cut off or damaged: its headers name bytes behind its end", "Install it again");
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  DOVETAIL_TRY_STATUS(check_identity(name, header));
  return check_segments(name, header, bytes);
}

} // namespace dovetail::plugin
