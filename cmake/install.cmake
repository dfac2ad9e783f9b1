# `cmake --install` puts the binary, the man pages and the completions where each is looked for.
install(TARGETS prof RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

foreach(section 1 7)
  file(GLOB man_pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.${section})
  install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES ${CMAKE_SOURCE_DIR}/completions/prof.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME prof)
install(FILES ${CMAKE_SOURCE_DIR}/completions/prof.zsh
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _prof)
install(FILES ${CMAKE_SOURCE_DIR}/completions/prof.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
