"""The words of an import report: every problem code -> language -> (what is wrong, what to do)."""

from __future__ import annotations

from types import MappingProxyType

from .format_messages import FORMATS
from .package_messages import PACKAGE, message

MESSAGES: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        **PACKAGE,
        **FORMATS,
        # the file
        "big5": message(
            "以 Big5 讀取",
            "建議改存 UTF-8",
            "Read as Big5",
            "Better save it as UTF-8",
            "Big5로 읽음",
            "UTF-8 저장을 권장합니다",
        ),
        "unknown_column": message(
            "未知欄位，已另存",
            "無須處理，或更正名稱",
            "Unknown column; its values are kept aside",
            "Nothing, or correct its name",
            "알 수 없는 열, 별도 보관됨",
            "이름을 확인하십시오",
        ),
        "unknown_file": message(
            "非 HSDS 資料表，未讀取",
            "請更正檔名",
            "Not an HSDS table; not read",
            "Correct its name if it is one",
            "HSDS 표가 아니어서 읽지 않음",
            "파일 이름을 확인하십시오",
        ),
        # the row
        "cells": message(
            "欄數與標題不符",
            "請檢查分隔符號",
            "More or fewer cells than the header",
            "Check commas and quotation marks",
            "열 수가 머리글과 다름",
            "구분 기호를 확인하십시오",
        ),
        "control_character": message(
            "含有控制字元", "請移除", "It holds a control character", "Remove it", "제어 문자가 포함됨", "제거하십시오"
        ),
        "too_long": message("內容過長", "請縮短", "The text is too long", "Shorten it", "내용이 너무 김", "줄이십시오"),
        "missing_value": message(
            "缺少必填值", "請填寫", "A required value is missing", "Fill it in", "필수 값이 없음", "입력하십시오"
        ),
        "says_nothing": message(
            "此列沒有內容",
            "請填寫或刪除此列",
            "The row says nothing",
            "Fill it in or delete it",
            "내용이 없는 행",
            "입력하거나 삭제하십시오",
        ),
        "duplicate": message(
            "代碼或內容重複",
            "每列使用唯一代碼",
            "The id or content repeats an earlier row",
            "Give each row its own id",
            "앞의 행과 중복됨",
            "행마다 고유 식별자를 사용하십시오",
        ),
        "nothing_removed": message(
            "有些列無法辨識，此檔中消失的資料一律保留",
            "請更正這些列後再匯入",
            "Rows could not be told apart, so nothing that is in this file no more was removed",
            "Correct the rows named above and import again",
            "일부 행을 식별할 수 없어, 이 파일에서 사라진 데이터를 삭제하지 않음",
            "해당 행을 고쳐 다시 가져오십시오",
        ),
        "kept_by_hand": message(
            "此處有人手動修改過，保留修改後的內容",
            "請來源一併更正；若修改有誤，請在此處改回",
            "Somebody changed it here by hand; what they wrote was kept",
            "Have the source say the same, or change it here if it is wrong",
            "이곳에서 직접 고친 내용이어서 그대로 둠",
            "출처에서도 고치도록 하거나, 잘못되었으면 이곳에서 고치십시오",
        ),
        "dropped_by_hand": message(
            "此處有人手動刪除過，不再加入",
            "請來源一併移除；若刪除有誤，請在此處重新填寫",
            "Somebody deleted it here by hand; it was not brought back",
            "Have the source drop it, or write it here again if it is needed",
            "이곳에서 직접 삭제한 내용이어서 다시 추가하지 않음",
            "출처에서도 지우도록 하거나, 필요하면 이곳에 다시 적으십시오",
        ),
        "gone_from_source": message(
            "此服務已不在套件中，此處仍列為提供中",
            "若確已停止，請在此處關閉；若套件只含部分資料，無須處理",
            "The service is in the package no more and is still offered here",
            "Close it here if it has ended; nothing need be done if the package is a part only",
            "이 서비스는 패키지에 더 이상 없으나 이곳에는 제공 중으로 남아 있음",
            "종료되었으면 이곳에서 닫으십시오. 패키지가 일부만 담고 있으면 조치할 필요 없음",
        ),
        "ids_elsewhere": message(
            "這些服務已在此，且屬於其他來源；匯入會使其重複",
            "請勿匯入本系統自己的匯出檔；若為另一來源的副本，請先移除識別碼",
            "These services are here already from another source; importing them would double each",
            "Do not import this hub's own export; where it is another's copy of them, remove the ids first",
            "이 서비스들은 다른 출처로 이미 이곳에 있으므로 가져오면 중복됨",
            "이 시스템 자신의 내보내기 파일은 가져오지 마십시오. 다른 곳의 사본이면 먼저 식별자를 제거하십시오",
        ),
        "older": message(
            "已有較新的資料",
            "無須處理",
            "A newer figure is already there",
            "Nothing",
            "더 새로운 값이 있음",
            "조치 불필요",
        ),
        "unknown_relation": message(
            "所指的資料不存在",
            "請先加入該資料或更正代碼",
            "It points to a row that is not there",
            "Add that row or correct the id",
            "참조하는 행이 없음",
            "해당 행을 추가하거나 식별자를 고치십시오",
        ),
        "relation_cleared": message(
            "所指的資料不存在，該欄已清空",
            "請更正代碼",
            "It points to a row that is not there; kept without it",
            "Correct the id",
            "참조하는 행이 없어 비워 둠",
            "식별자를 고치십시오",
        ),
        "not_in_list": message(
            "不在允許的值之中",
            "請使用清單中的值",
            "Not one of the allowed values",
            "Use a value of the list",
            "허용된 값이 아님",
            "목록의 값을 사용하십시오",
        ),
        "bad_value": message(
            "格式錯誤", "請更正", "It cannot be read as this column's kind", "Correct it", "형식 오류", "수정하십시오"
        ),
        "bad_date": message(
            "日期無法判讀",
            "請用 2024-05-01 或民國113年5月1日",
            "It cannot be read as a date",
            "Write it as 2024-05-01",
            "날짜를 읽을 수 없음",
            "2024-05-01과 같이 쓰십시오",
        ),
        "date_kept_aside": message(
            "日期無法判讀，原值另存",
            "請用 2024-05-01 或民國113年5月1日",
            "It cannot be read as a date; kept aside as it was",
            "Write it as 2024-05-01 and import again",
            "날짜를 읽을 수 없어 원래 값을 별도 보관함",
            "2024-05-01과 같이 써서 다시 가져오십시오",
        ),
        "value_kept_aside": message(
            "格式錯誤，原值另存",
            "請更正後再匯入",
            "It cannot be read; kept aside as it was",
            "Correct it and import again",
            "형식 오류, 원래 값을 별도 보관함",
            "고쳐서 다시 가져오십시오",
        ),
        "confidential_place": message(
            "保密處所不得有位置資料，未予採用",
            "請移除地址、座標、區域與說明",
            "A confidential location may not say where it is; that was left out",
            "Remove coordinates, area, description and extra columns",
            "비공개 장소에는 위치 정보를 둘 수 없어 제외됨",
            "좌표, 지역, 설명을 제거하십시오",
        ),
        "stays_confidential": message(
            "此處所在本系統為保密，維持不變",
            "請標示為保密並移除地址；若確已公開，請以新代碼加入",
            "The place is confidential here and stays so",
            "Say that it is confidential and remove its address; if it is open now, add it under a new id",
            "이 장소는 여기서 비공개이며 그대로 유지됨",
            "비공개로 표시하고 주소를 제거하십시오. 공개된 곳이면 새 식별자로 추가하십시오",
        ),
        "confidential_address": message(
            "保密處所不得有地址",
            "請移除此列",
            "A confidential location may not have an address",
            "Remove the row, and the file from wherever it was",
            "비공개 장소에는 주소를 둘 수 없음",
            "행을 제거하십시오",
        ),
        "confidential_detail": message(
            "此列會透露保密處所的位置",
            "請將聯絡方式與說明改填於服務或機構",
            "The row would tell where a confidential location is",
            "Give telephones, contacts and notes with the service or the agency instead",
            "이 행은 비공개 장소의 위치를 드러냄",
            "연락처와 설명은 서비스나 기관에 적으십시오",
        ),
        "beside_secret": message(
            "與保密處所有關的資料，其標準外的欄位與資料列不予保存",
            "請自來源移除此類欄位；其中可能含有地址",
            "Columns and rows beyond the standard that have to do with a confidential place were not kept",
            "Leave them out at the source; they may hold its address",
            "비공개 장소와 관련된 자료의 표준 외 열과 행은 보관하지 않음",
            "출처에서 제외하십시오. 주소가 들어 있을 수 있음",
        ),
        "place_left_out": message(
            "他處紀錄中關於處所的舊值不予保存",
            "無須處理",
            "What a place was before, by another's records, is not kept",
            "Nothing need be done",
            "다른 기록에 있는 장소의 이전 값은 보관하지 않음",
            "조치할 필요 없음",
        ),
        "unknown_area": message(
            "未知區域，名稱已保留",
            "請使用區域代碼",
            "Unknown area; its name is kept",
            "Use an area code",
            "알 수 없는 지역, 이름은 보관됨",
            "지역 코드를 사용하십시오",
        ),
        "term_undefined": message(
            "詞彙未定義，已保留代碼",
            "請補上詞彙表",
            "The term is not in the taxonomy; its code is kept",
            "Add it to the taxonomy file",
            "정의되지 않은 용어, 코드는 보관됨",
            "분류 파일에 추가하십시오",
        ),
    }
)
"""Every problem code -> language -> (what is wrong, what to do)."""
